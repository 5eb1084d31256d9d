/**
 * Tags an owner's uploads go on under. A renderer that crashes takes its worker and every event of it along; renewed tags
 * fire again at once, one after the other, and the first is sometimes still given to the dying process.
 */
const COUNT = 3;

export const syncTags = (owner: string): string[] => Array.from({ length: COUNT }, (_, n) => `partway:${n}:${owner}`);

/** The owner of one of our tags; undefined for a tag of the app's own. */
export const ownerOf = (tag: string): string | undefined => /^partway:\d+:(.*)$/s.exec(tag)?.[1];

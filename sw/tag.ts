const PREFIX = 'partway:';

/** The Background Sync tag under which an owner's uploads go on. */
export const syncTag = (owner: string): string => PREFIX + owner;

/** The owner of one of our tags; undefined for a tag of the app's own. */
export const ownerOf = (tag: string): string | undefined =>
  tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : undefined;

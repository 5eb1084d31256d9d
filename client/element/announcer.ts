import { write } from './dom.ts';
import type { Words } from './words.ts';

/** News within this many milliseconds are told together: nobody wants to hear of 500 files one by one. */
const GATHER_MS = 600;

export interface Announcer {
  /** The latest news of the upload `id`; older that was not told yet is not told any more. */
  news(id: string, name: string, what: string): void;
  say(text: string): void;
  close(): void;
}

/** Tells a screen reader what happened, in `region`, when it has nothing else to say. */
export function createAnnouncer(region: Element, words: () => Words): Announcer {
  const heard = new Map<string, { name: string; what: string }>();
  let told: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wait = () => {
    timer ??= setTimeout(tell, GATHER_MS);
  };
  function tell(): void {
    timer = undefined;
    const kinds = new Map<string, string[]>();
    for (const { name, what } of heard.values()) kinds.set(what, [...(kinds.get(what) ?? []), name]);
    for (const [what, names] of kinds)
      told.push(names.length === 1 ? words().news(what, names[0]!) : words().newsOf(what, String(names.length)));
    write(region, told.join('. '));
    heard.clear();
    told = [];
  }
  return {
    news(id, name, what) {
      heard.set(id, { name, what });
      wait();
    },
    say(text) {
      told.push(text);
      wait();
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
      heard.clear();
      told = [];
    },
  };
}

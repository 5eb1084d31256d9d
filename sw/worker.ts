import { inherit } from './heir.ts';
import { ownerOf } from './tag.ts';

/** Background Sync is not in TypeScript's libraries (https://wicg.github.io/background-sync/spec/). */
interface SyncEvent extends Event {
  readonly tag: string;
  readonly lastChance: boolean;
  waitUntil(work: Promise<unknown>): void;
}

/**
 * Call it once, at the top of the app's own service worker. It answers our sync tags only, intercepts no fetch, and never
 * takes over from an older worker by itself.
 */
export function installUploads(): void {
  self.addEventListener('sync', (event) => {
    const sync = event as SyncEvent;
    const owner = ownerOf(sync.tag);
    if (owner !== undefined) sync.waitUntil(inherit(owner));
  });
}

import { openBus } from './bus.ts';
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
  /** One heir an owner, whatever number of events keeps it alive. */
  const heirs = new Map<string, Promise<void>>();
  self.addEventListener('sync', (event) => {
    const sync = event as SyncEvent;
    const owner = ownerOf(sync.tag);
    if (owner === undefined) return;
    const heir = heirs.get(owner) ?? inherit(owner).finally(() => heirs.delete(owner));
    heirs.set(owner, heir);
    sync.waitUntil(heir);
    askForRenewal(owner);
  });
}

/** A tag renewed in its own firing fires once more when this event ends: an open window may renew it now. */
function askForRenewal(owner: string): void {
  const bus = openBus(owner);
  bus.post({ type: 'standby' });
  bus.close();
}

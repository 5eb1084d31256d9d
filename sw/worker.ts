import { followClick } from './herald.ts';
import type { Wording } from './notice.ts';
import { ownersHere } from './owners.ts';
import type { Extendable, SyncEvent } from './scope.ts';
import { type Note, shiftOf, word } from './shift.ts';
import { readTag } from './tag.ts';

export interface WorkerOptions {
  /** Words the notifications, which are shown only where the app has been permitted to; English where absent. */
  notification?: Wording;
}

/**
 * Call it once, at the top of the app's own service worker. It answers our sync tags and messages only, intercepts no
 * fetch, and never takes over from an older worker by itself.
 */
export function installUploads({ notification }: WorkerOptions = {}): void {
  if (notification) word(notification);
  self.addEventListener('notificationclick', followClick);
  self.addEventListener('sync', (event) => {
    const sync = event as SyncEvent;
    const owner = readTag(sync.tag)?.owner;
    if (owner !== undefined) sync.waitUntil(shiftOf(owner).stand(sync));
  });
  self.addEventListener('message', (event) => {
    const { type, owner, set } = (event.data ?? {}) as Partial<Note>;
    if (type === 'partway-note') (event as unknown as Extendable).waitUntil(shiftOf(owner!).carry(set));
  });
  // Whatever holds up the activation holds up every page's requests.
  self.addEventListener('activate', () => void wakeUploads());
  self.addEventListener('periodicsync', (event) => (event as Extendable).waitUntil(wakeUploads()));
}

/**
 * Goes on with every upload on this device; for an app whose worker is woken by other means, such as a push:
 * `event.waitUntil(wakeUploads())`. Resolves when nothing is left to send or a window does it; never rejects.
 */
export async function wakeUploads(): Promise<void> {
  await Promise.all((await ownersHere()).map((owner) => shiftOf(owner).carry()));
}

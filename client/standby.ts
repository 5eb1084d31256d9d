import { Workbox } from 'workbox-window';
import type { Bus } from '../sw/bus.ts';
import { syncTags } from '../sw/tag.ts';

/** Background Sync is not in TypeScript's libraries (https://wicg.github.io/background-sync/spec/). */
interface SyncRegistration extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

/** The service worker, ready to go on when the tab is gone. */
export interface Standby {
  /** The browser will wake the worker; false without Background Sync or without a worker. */
  readonly ready: boolean;
  /** Asks the browser to wake the worker, now and after the tab is gone. */
  call(): Promise<void>;
}

/** `register()` has been seen to hang. */
const PATIENCE_MS = 5000;

/** Registers the worker at `script` for `owner`; `onChange` is called when `ready` turns, tags are renewed while there is work. */
export function openStandby(
  script: string | undefined,
  owner: string,
  bus: Bus,
  hooks: { onChange(): void; hasWork(): boolean },
): Standby {
  let ready = false;
  let registration: Promise<SyncRegistration | undefined> = Promise.resolve(undefined);

  if (script && 'serviceWorker' in navigator) {
    registration = new Workbox(script)
      .register()
      .then(() => navigator.serviceWorker.ready)
      .catch(() => undefined);
  }
  async function call(): Promise<void> {
    const { sync } = (await registration) ?? {};
    if (!sync) return;
    const limit = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false));
    const registered = Promise.all(syncTags(owner).map((tag) => sync.register(tag))).then(
      () => true,
      () => false,
    );
    const before = ready;
    ready = await Promise.race([registered, limit]);
    if (ready !== before) hooks.onChange();
  }
  // Renewed in its own firing, the tag is fired once more when this event ends, with fresh attempts.
  bus.listen((message) => message.type === 'standby' && hooks.hasWork() && void call());
  return {
    get ready() {
      return ready;
    },
    call,
  };
}

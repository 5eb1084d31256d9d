import type { Bus } from '../sw/bus.ts';
import { syncTags } from '../sw/tag.ts';
import type { UploadClientOptions } from './options.ts';

/** Background Sync is not in TypeScript's libraries (https://wicg.github.io/background-sync/spec/). */
interface SyncRegistration extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

/**
 * What becomes of unfinished uploads when the last tab closes: the worker goes on with them; they go on at the next visit,
 * from what is on the device; they stop, because an insecure origin (plain http) has neither worker nor locks.
 */
export type Background = 'goes-on' | 'next-visit' | 'stops';

/** The service worker, ready to go on when the tab is gone. */
export interface Standby {
  /** The browser will wake the worker; false without Background Sync or without a worker. */
  readonly ready: boolean;
  /** There is a worker that the browser could wake, as far as is known. */
  readonly possible: boolean;
  /** Asks the browser to wake the worker, now and after the tab is gone. */
  call(): Promise<void>;
}

/** `register()` has been seen to hang. */
const PATIENCE_MS = 5000;

/** Resolves when the worker is active; `navigator.serviceWorker.ready` knows only one whose scope holds this page. */
function activation(worker: ServiceWorker | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!worker || worker.state === 'redundant') reject(new Error('not installed'));
      else if (worker.state === 'activated') resolve();
    };
    worker?.addEventListener('statechange', look);
    look();
  });
}

/** Stands `worker` by for `owner`; `onChange` is called when `ready` or `possible` turns, tags are renewed while there is work. */
export function openStandby(
  worker: UploadClientOptions['serviceWorker'],
  owner: string,
  bus: Bus,
  hooks: { onChange(): void; hasWork(): boolean },
): Standby {
  let ready = false;
  let possible = worker !== undefined && 'SyncManager' in self;

  async function register(): Promise<SyncRegistration | undefined> {
    if (!worker || !navigator.serviceWorker) return undefined;
    try {
      const registered = await (typeof worker === 'string' ? navigator.serviceWorker.register(worker) : worker);
      await activation(registered.active ?? registered.waiting ?? registered.installing);
      return registered;
    } catch (error) {
      console.warn('Partway:', error);
      possible = false;
      hooks.onChange();
      return undefined;
    }
  }
  const registration = register();

  async function call(): Promise<void> {
    const { sync } = (await registration) ?? {};
    if (!sync) return;
    const limit = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false));
    const registered = Promise.all(syncTags(owner).map((tag) => sync.register(tag))).then(() => true);
    ready = possible = await Promise.race([registered, limit]).catch(() => false);
    hooks.onChange();
  }
  // Renewed in its own firing, the tag is fired once more when this event ends, with fresh attempts.
  bus.listen((message) => message.type === 'standby' && hooks.hasWork() && void call());
  return {
    get ready() {
      return ready;
    },
    get possible() {
      return possible;
    },
    call,
  };
}

import type { SyncRegistration } from '../sw/scope.ts';
import type { Note } from '../sw/shift.ts';
import { freeSets, readTag, tagsOf } from '../sw/tag.ts';
import type { UploadClientOptions } from './options.ts';

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
  /** Asks the browser to wake the worker, so that it stands by while this page lives. */
  call(): Promise<void>;
  /** The same while the page goes away, when there is no time to wait for anything. */
  leave(): void;
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

/** Stands `worker` by for `owner`; `onChange` is called when `ready` or `possible` turns. */
export function openStandby(
  worker: UploadClientOptions['serviceWorker'],
  owner: string,
  onChange: () => void,
): Standby {
  let ready = false;
  let possible = worker !== undefined && 'SyncManager' in self;
  let registered: SyncRegistration | undefined;
  let standing: number | undefined;
  let farewell = 0;

  async function register(): Promise<void> {
    if (!worker || !navigator.serviceWorker) return;
    try {
      const it: SyncRegistration = await (typeof worker === 'string'
        ? navigator.serviceWorker.register(worker)
        : worker);
      await activation(it.active ?? it.waiting ?? it.installing);
      if (it.sync) registered = it;
    } catch (error) {
      console.warn('Partway:', error);
      possible = false;
      onChange();
    }
  }
  const registration = register();

  async function stand(): Promise<true> {
    const sync = registered!.sync!;
    let left: string[] = [];
    if (standing === undefined) {
      const before = await sync.getTags();
      standing = freeSets(owner, before)[0]!;
      // One whose page went before it heard of it is never fired, and holds up all others until it is registered again.
      left = before.filter((tag) => readTag(tag)?.owner === owner);
    }
    await Promise.all([...tagsOf(owner, standing), ...left].map((tag) => sync.register(tag)));
    farewell = freeSets(owner, await sync.getTags())[0]!;
    return true;
  }
  return {
    get ready() {
      return ready;
    },
    get possible() {
      return possible;
    },
    async call() {
      await registration;
      if (!registered) return;
      const limit = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false));
      ready = possible = await Promise.race([stand(), limit]).catch(() => false);
      onChange();
    },
    leave: () => registered?.active?.postMessage({ type: 'partway-note', owner, set: farewell } satisfies Note),
  };
}

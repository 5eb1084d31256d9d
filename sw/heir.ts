import { openBus } from './bus.ts';
import { drive } from './engine.ts';
import { createFlow } from './flow.ts';
import { createGatherer } from './gather.ts';
import type { Host } from './host.ts';
import { LINE, type Line, seen } from './line.ts';
import { driveLockName, holdDriveLock } from './lock.ts';
import { isMetered, onNetworkChange } from './network.ts';
import { byGrant, isOpen } from './record.ts';
import { windows } from './scope.ts';
import { openStore, type Store } from './store.ts';
import { transferByFetch } from './transfer.ts';

/** Milliseconds between two looks at the windows, and before a network that costs is tried again while there is one. */
const LOOK_MS = 1000;
const REST_MS = 60_000;

/** What the heir lives by. */
export interface Life {
  /** Milliseconds that the worker surely has. */
  left(): number;
  /** The heir has begun to drive, or ceased. */
  onDriving(driving: boolean): void;
}

/**
 * The worker's part: waits for the drive lock of `owner` and drives until nothing is left that can be done here.
 * Rejects where it was kept from that, so that the browser fires the event again.
 */
export async function inherit(owner: string, life: Life): Promise<void> {
  const store = await openStore(owner).catch((error) => {
    // Signed out meanwhile: what was erased stays so.
    if (error.name !== 'AbortError') throw error;
  });
  if (!store) return;
  const bus = openBus(owner);
  const waiting = new AbortController();
  let signedOut = false;
  const work = async () => (await store.uploads()).filter(isOpen);
  const listed = work().then((all) => new Set(all.map(({ id }) => id)));
  /** Of a thousand uploads each changes some times: that is no reason to read them all each time. */
  const look = async (id: string) => {
    const open = await listed;
    const record = await store.upload(id);
    if (record && isOpen(record)) open.add(id);
    else open.delete(id);
    // Of what another page began this one may not have heard.
    if (!open.size && !(await work()).length) waiting.abort();
  };
  const unlisten = bus.listen((message) => {
    signedOut ||= message.type === 'signed-out';
    if (signedOut) waiting.abort();
    else if (message.type === 'changed') look(message.id).catch(() => {});
  });
  try {
    if (!(await listed).size) return;
    const host = workerHost(store, bus, life, lastLine ?? (await recalled(store)));
    for (;;) {
      const outcome = await holdDriveLock(owner, bus, waiting.signal, async (signal, stolen) => {
        // A window that waits as well shows progress and lives longer: it goes first.
        if (!stolen && (await windowWaits(owner))) return 'yield';
        life.onDriving(true);
        return drive(host, signal, true).finally(() => life.onDriving(false));
      });
      if (outcome === 'yield') continue;
      if (outcome || !isMetered() || !(await work()).some((record) => record.onlyUnmetered)) return;
      // The browser is to wake it again, as nobody else will when the network is another. While there is a window, an
      // event is fired again as soon as it ends.
      await rest();
      throw new Error('It waits for a network that costs nothing.');
    }
  } catch (error) {
    if (!signedOut && (await work()).length) throw error;
  } finally {
    unlisten();
    bus.close();
    store.close();
  }
}

/** Resolves after a minute, or when the network is another or the last window is gone. */
async function rest(): Promise<void> {
  let over = false;
  const unlisten = onNetworkChange(() => {
    over = true;
  });
  const end = performance.now() + REST_MS;
  while (!over && performance.now() < end && (await windows()).length)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  unlisten();
}

/** What this worker saw last of the line. */
let lastLine: Line | undefined;

/** What the page saw; nothing where it is of an older release. */
const recalled = (store: Store) => store.note(LINE).catch(() => undefined) as Promise<Line | undefined>;

function workerHost(store: Store, bus: Host['bus'], { left }: Life, known: Line | undefined): Host {
  const flow = createFlow(known && seen(known), left);
  flow.watchRoom(() => {
    lastLine = flow.line;
  });
  return {
    store,
    bus,
    flow,
    gather: createGatherer(flow),
    transfer: transferByFetch,
    file: () => undefined,
    parts: () => undefined,
    drives: () => true,
    async identity(record) {
      const kept = await store.grant(record.endpoint);
      return kept && kept.expiresAt > Date.now() ? byGrant(kept) : undefined;
    },
    random: Math.random,
  };
}

/** Whether a context other than this worker, which holds the lock now, waits for it. */
async function windowWaits(owner: string): Promise<boolean> {
  const name = driveLockName(owner);
  const { held = [], pending = [] } = await navigator.locks.query();
  const self = held.find((lock) => lock.name === name)?.clientId;
  return pending.some((lock) => lock.name === name && lock.clientId !== self);
}

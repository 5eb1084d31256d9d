import { openBus } from '../sw/bus.ts';
import { type Keeper, StorageError } from '../sw/database.ts';
import { createFlow } from '../sw/flow.ts';
import { createGatherer } from '../sw/gather.ts';
import type { Host } from '../sw/host.ts';
import { isOpen, isSettled, type UploadRecord } from '../sw/record.ts';
import { createStore, openStore, type Store } from '../sw/store.ts';
import { createActions } from './actions.ts';
import { driveFromPage } from './drive.ts';
import { sayFarewell } from './farewell.ts';
import { createFiles } from './files.ts';
import { createSelf } from './identity.ts';
import { memoryDatabase } from './memory.ts';
import type { UploadClientOptions } from './options.ts';
import { createPicks } from './pick.ts';
import { keepLine, recallLine } from './recall.ts';
import { createRecognition } from './recognition.ts';
import { keepScreenOn } from './screen.ts';
import { openStandby } from './standby.ts';
import { leftOver, survivorsAmong } from './survivors.ts';
import { transferByXhr } from './transfer.ts';
import type { Views } from './views.ts';
import { openWatermark } from './watermark.ts';

export type Open = Awaited<ReturnType<typeof openClient>>;

/** In memory where the browser's storage is closed to this page. */
const storeOf = (owner: string, keeper: Keeper): Promise<Store> =>
  openStore(owner, keeper).catch((error) => {
    if (error instanceof StorageError) throw error;
    console.warn('Partway:', error);
    return createStore(memoryDatabase());
  });

/** Opens what lives as long as the client: store, bus, worker, lock. */
export async function openClient(options: UploadClientOptions, views: Views) {
  const { owner } = options;
  const closing = new AbortController();
  const store = await storeOf(owner, {
    // Not what is just being picked, and not written down yet.
    survivors: () =>
      views
        .all()
        .flatMap(({ record }) =>
          isSettled(record) || !(record.staged || record.resumeToken || files.get(record.id)) ? [] : record,
        ),
    onLoss() {
      files.again();
      for (const { id } of views.all()) bus.post({ type: 'changed', id });
      void prepare().catch(() => {});
    },
    onEnd({ code, message }) {
      closing.abort();
      views.interrupt({ code, message });
    },
  });
  /** Records, locks and signals that all contexts of this owner share; else each page minds what it has in its hands. */
  const shared = isSecureContext && store.lasting;
  const bus = openBus(store.lasting ? owner : undefined);
  const hasWork = () => views.all().some((view) => isOpen(view.record));
  const standby = openStandby(options.serviceWorker, owner, views.touch);
  const files = createFiles(store, bus, shared);
  const self = createSelf(options, store);
  const flow = createFlow(recallLine());
  keepLine(flow, store);
  const host: Host = {
    store,
    bus,
    flow,
    gather: createGatherer(flow),
    transfer: transferByXhr,
    file: files.get,
    parts: files.parts,
    // Without locks two pages could drive the same upload.
    drives: ({ id, state }) => shared || state === 'cancelling' || files.get(id) !== undefined,
    identity: ({ endpoint: at }) => self.identity(at),
    random: Math.random,
  };

  let calling = false;
  /** Forty files picked at once ask the browser once. */
  function call(): void {
    if (calling) return;
    calling = true;
    setTimeout(() => {
      calling = false;
      if (!closing.signal.aborted) void standby.call();
    });
  }
  /** Tells every context, and resolves when this page shows it. */
  function changed(id: string): Promise<void> {
    bus.post({ type: 'changed', id });
    return views.refresh(id);
  }
  const actions = createActions(store, files, changed, call);
  let mayBeginLater = false;
  async function prepare(): Promise<void> {
    mayBeginLater = await self.prepare();
    views.touch();
    // Uploads that wait for credentials look again, and so do those whose file another tab may have taken with it.
    for (const record of await store.uploads())
      if ((record.error || !shared) && !isSettled(record)) bus.post({ type: 'changed', id: record.id });
  }
  const watermark = openWatermark(owner);
  views.serve({ store, bus, somewhere: files.somewhere, shown: watermark.of });
  for (const { id } of await store.uploads()) await views.refresh(id);
  const left = await leftOver(store, views.all());
  // Forgets what is too old.
  store.history().catch(() => {});
  const lookAgain = () => void prepare().catch(() => {});
  lookAgain();
  for (const event of ['online', 'focus']) window.addEventListener(event, lookAgain, { signal: closing.signal });
  for (const [at, event] of [
    [window, 'pagehide'],
    [document, 'visibilitychange'],
  ] as const)
    at.addEventListener(event, () => watermark.keep(views.all()), { signal: closing.signal });
  driveFromPage(shared ? owner : undefined, host, closing.signal, {
    onLeave: () => hasWork() && standby.leave(),
    onReturn: () => hasWork() && call(),
  });
  keepScreenOn(views, closing.signal);
  if (hasWork()) call();
  bus.listen((message) => {
    if (message.type !== 'signed-out') return;
    close();
    views.clear();
  });

  const { add, adopt } = createPicks({
    store,
    views,
    files,
    actions,
    recognition: createRecognition(store, views, self),
    live: (view) => AbortSignal.any([closing.signal, view.unwanted]),
    async begun(id) {
      await changed(id);
      call();
    },
  });
  function close(): void {
    closing.abort();
    files.close();
    bus.close();
    store.close();
  }
  return {
    shared,
    standby,
    actions,
    close,
    survivors: () => survivorsAmong(left),
    /** Whether the worker can finish the upload without a page. */
    canLeave: (record: UploadRecord) => standby.ready && (record.resumeToken !== undefined || mayBeginLater),
    add,
    adopt,
    history: store.history,
    async setOnlyUnmetered(onlyUnmetered: boolean): Promise<void> {
      for (const record of await store.uploads()) {
        if (isSettled(record)) continue;
        await store.change(record.id, () => ({ onlyUnmetered }));
        await changed(record.id);
      }
    },
    signOut: () => sayFarewell(owner, store, bus, watermark),
  };
}

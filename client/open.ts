import { callApi } from '../sw/api.ts';
import { openBus } from '../sw/bus.ts';
import { persistently } from '../sw/control.ts';
import { eraseDatabase, type Keeper, StorageError } from '../sw/database.ts';
import { createFlow } from '../sw/flow.ts';
import { createGatherer } from '../sw/gather.ts';
import type { Host } from '../sw/host.ts';
import { isOpen, isSettled, type UploadRecord } from '../sw/record.ts';
import { createStore, openStore, type Store } from '../sw/store.ts';
import { createActions } from './actions.ts';
import { adoptSession, keepAdopted } from './adopt.ts';
import { driveFromPage } from './drive.ts';
import { createFiles } from './files.ts';
import { createSelf } from './identity.ts';
import { memoryDatabase } from './memory.ts';
import type { UploadClientOptions } from './options.ts';
import { keepLine, recallLine } from './recall.ts';
import { createRecognition } from './recognition.ts';
import { keepScreenOn } from './screen.ts';
import { openStandby } from './standby.ts';
import { leftOver, survivorsAmong } from './survivors.ts';
import { transferByXhr } from './transfer.ts';
import type { Upload } from './upload.ts';
import type { Views } from './views.ts';
import { openWatermark } from './watermark.ts';

/** How long signing out waits for the servers to be told. */
const FAREWELL_MS = 3000;

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
  const recognition = createRecognition(store, views, self);
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

  /** Until this client is closed, or the person wants nothing of it any more. */
  const live = (view: Upload) => AbortSignal.any([closing.signal, view.unwanted]);

  /** Takes up the session of the draft's token, as soon as its server can be asked; undefined where it is cancelled before. */
  async function take(view: Upload, draft: UploadRecord, signal: AbortSignal): Promise<UploadRecord | undefined> {
    try {
      const adopted = await persistently(() => adoptSession(draft, signal), {
        signal,
        random: Math.random,
        onPhase: (phase, trouble) => view.move(0, 0, phase, trouble),
      });
      await keepAdopted(store, adopted);
      return adopted.record;
    } catch (error) {
      if (!view.unwanted.aborted) throw error;
      // Its server hears of it when it can.
      await store.add({ ...draft, state: 'cancelling' });
      return undefined;
    }
  }
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
    /** Shows in `view`, until now a draft, the upload of `file`: one that waits for it, or a new one. */
    async add(view: Upload, file: File): Promise<void> {
      const waiting = await recognition.waitingFor(file);
      const draft = waiting ? view.record : { ...view.record, fingerprint: await recognition.mark(view.record, file) };
      const claimed = waiting ? undefined : await recognition.claim(draft, file, live(view));
      const record = waiting?.record ?? claimed?.record ?? draft;
      if (claimed) await keepAdopted(store, claimed);
      else if (!waiting) await store.add(record);
      await views.become(view, record);
      views.introduce(view);
      if (waiting) await actions.attach(record.id, file).finally(waiting.done);
      else await files.keep(record, file);
      // Whoever picks a file means it to go on.
      if (waiting || claimed) return actions.resume(record.id);
      await changed(record.id);
      call();
    },
    /** Shows in `view` the upload that the draft's token opens, and gives it `file`. */
    async adopt(view: Upload, draft: UploadRecord, file: File | undefined): Promise<void> {
      const known = (await store.uploads()).find(
        ({ id, resumeToken }) => id === draft.id || resumeToken === draft.resumeToken,
      );
      const signal = live(view);
      const record = known ?? (await take(view, draft, signal));
      if (!record) return;
      view.update(record, file !== undefined);
      views.introduce(view);
      if (file) await actions.attach(record.id, file);
      await actions.resume(record.id);
    },
    history: store.history,
    async setOnlyUnmetered(onlyUnmetered: boolean): Promise<void> {
      for (const record of await store.uploads()) {
        if (isSettled(record)) continue;
        await store.change(record.id, () => ({ onlyUnmetered }));
        await changed(record.id);
      }
    },
    async signOut(): Promise<void> {
      // What was begun is of no use to anybody any more; whether the servers hear of it must not hold up the person.
      // Opened anew, since this client may be closed.
      const now = store.lasting ? await openStore(owner).catch(() => undefined) : store;
      const ends = ((await now?.uploads()) ?? []).filter((record) => !isSettled(record));
      const farewell = store.lasting ? openBus(owner) : bus;
      farewell.post({ type: 'signed-out' });
      farewell.close();
      const limit = AbortSignal.timeout(FAREWELL_MS);
      const aborts = ends.map(
        ({ endpoint: at, resumeToken }) => resumeToken && callApi(at, 'abort', { resumeToken }, {}, limit),
      );
      if (store.lasting) await eraseDatabase(owner);
      watermark.erase();
      await Promise.allSettled(aborts);
    },
  };
}

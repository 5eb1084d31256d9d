import { callApi } from '../sw/api.ts';
import { openBus } from '../sw/bus.ts';
import { persistently } from '../sw/control.ts';
import { createFlow } from '../sw/flow.ts';
import { createGatherer } from '../sw/gather.ts';
import type { Host } from '../sw/host.ts';
import { isOpen, isSettled, type UploadRecord } from '../sw/record.ts';
import { eraseStore, openStore } from '../sw/store.ts';
import { createActions } from './actions.ts';
import { adoptSession } from './adopt.ts';
import { driveFromPage } from './drive.ts';
import { createFiles } from './files.ts';
import { createSelf } from './identity.ts';
import type { UploadClientOptions } from './options.ts';
import { openStandby } from './standby.ts';
import { transferByXhr } from './transfer.ts';
import type { Upload } from './upload.ts';
import type { Views } from './views.ts';

/** How long signing out waits for the servers to be told. */
const FAREWELL_MS = 3000;

export type Open = Awaited<ReturnType<typeof openClient>>;

/** Opens what lives as long as the client: store, bus, worker, lock. */
export async function openClient(options: UploadClientOptions, views: Views) {
  const { owner } = options;
  const store = await openStore(owner);
  const bus = openBus(owner);
  const closing = new AbortController();
  const hasWork = () => views.all().some((view) => isOpen(view.record));
  const standby = openStandby(options.serviceWorker, owner, bus, { onChange: views.touch, hasWork });
  const files = createFiles(store, bus, isSecureContext);
  const self = createSelf(options, store);
  const flow = createFlow();
  const host: Host = {
    store,
    bus,
    flow,
    gather: createGatherer(flow),
    transfer: transferByXhr,
    file: files.get,
    // Without locks two pages could drive the same upload: each minds what it has in its hands.
    drives: ({ id, state }) => isSecureContext || state === 'cancelling' || files.get(id) !== undefined,
    identity: ({ endpoint: at }) => self.identity(at),
    random: Math.random,
  };

  const call = () => void standby.call();
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
    // Uploads that wait for credentials look again.
    for (const { record } of views.all())
      if (record.error && !isSettled(record)) bus.post({ type: 'changed', id: record.id });
  }
  views.serve({ store, bus, somewhere: files.somewhere });
  for (const { id } of await store.uploads()) await views.refresh(id);
  void prepare().catch(() => {});
  for (const event of ['online', 'focus']) window.addEventListener(event, prepare, { signal: closing.signal });
  driveFromPage(owner, host, closing.signal, call);
  if (hasWork()) call();
  bus.listen((message) => {
    if (message.type !== 'signed-out') return;
    close();
    views.clear();
  });

  function close(): void {
    closing.abort();
    files.close();
    bus.close();
    store.close();
  }
  return {
    standby,
    actions,
    close,
    /** Whether the worker can finish the upload without a page. */
    canLeave: (record: UploadRecord) => standby.ready && (record.resumeToken !== undefined || mayBeginLater),
    async add(record: UploadRecord, file: File): Promise<void> {
      if (!(await store.upload(record.id))) await store.add(record);
      await files.keep(record, file);
      // Whoever picks a file means it to go on.
      await actions.resume(record.id);
    },
    /** Shows in `view` the upload that the draft's token opens, and gives it `file`. */
    async adopt(view: Upload, draft: UploadRecord, file: File | undefined): Promise<void> {
      const known = (await store.uploads()).find(
        ({ id, resumeToken }) => id === draft.id || resumeToken === draft.resumeToken,
      );
      const record =
        known ??
        (await persistently(() => adoptSession(store, draft, closing.signal), {
          signal: closing.signal,
          random: Math.random,
          onPhase: (phase, trouble) => view.move(0, 0, phase, trouble),
        }));
      view.update(record, file !== undefined);
      views.introduce(view);
      if (file) await actions.attach(record.id, file);
      await actions.resume(record.id);
    },
    async signOut(): Promise<void> {
      // What was begun is of no use to anybody any more; whether the servers hear of it must not hold up the person.
      // Opened anew, since this client may be closed.
      const ends = (await (await openStore(owner)).uploads()).filter((record) => !isSettled(record));
      openBus(owner).post({ type: 'signed-out' });
      await eraseStore(owner);
      const limit = AbortSignal.timeout(FAREWELL_MS);
      const aborts = ends.map(
        ({ endpoint: at, resumeToken }) => resumeToken && callApi(at, 'abort', { resumeToken }, {}, limit),
      );
      await Promise.allSettled(aborts);
    },
  };
}

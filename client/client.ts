import { planParts } from '../server/contract/plan.ts';
import { PROFILES } from '../server/contract/profile.ts';
import { openBus } from '../sw/bus.ts';
import type { Host } from '../sw/host.ts';
import { isSettled, type UploadRecord } from '../sw/record.ts';
import { createSlots } from '../sw/slots.ts';
import { openStore } from '../sw/store.ts';
import { driveFromPage } from './drive.ts';
import { createFiles } from './files.ts';
import { keepGrant } from './grant.ts';
import { openStandby } from './standby.ts';
import type { Upload } from './upload.ts';
import { createViews } from './views.ts';

export interface UploadClientOptions {
  /** The server's `…/api/v1/upload/multipart`, absolute or relative to the page. */
  endpoint: string;
  /** Whose uploads these are; another owner on the same device sees none of them. */
  owner: string;
  apiKey?: string;
  /** Credentials of the signed-in user, asked for whenever they are needed. */
  headers?: () => Record<string, string> | Promise<Record<string, string>>;
  /** Address of the app's service worker script. */
  serviceWorker?: string;
}

export interface UploadOptions {
  /** Bytes of every part but the last. */
  partSize?: number;
  metadata?: Record<string, string>;
}

export interface UploadClient {
  /** Begins to upload `file`, or goes on with the earlier upload that waits for it. Throws an `UploadError` for an unlawful part size. */
  resumableUpload(file: File, options?: UploadOptions): Upload;
  /** Every upload that this device knows of, oldest first; `onUpload` hears of those that come later, from any tab. */
  uploads(onUpload?: (upload: Upload) => void): Promise<Upload[]>;
  /** Stops driving from this page; the uploads stay. */
  close(): Promise<void>;
}

const LANES = 5;
const UNKNOWN_TYPE = 'application/octet-stream';

/** The uploads of one owner on this device, driven from this page while it lives. */
export function createUploadClient(options: UploadClientOptions): UploadClient {
  const endpoint = new URL(options.endpoint, location.href).href.replace(/\/+$/, '');
  const views = createViews();
  const opened = open({ ...options, endpoint }, views);

  return {
    resumableUpload(file, { partSize, metadata = {} } = {}) {
      const waiting = views.waitingFor(file);
      const record = waiting?.record ?? newRecord(endpoint, file, partSize, metadata);
      const view = waiting ?? views.show(record);
      void opened
        .then(({ add }) => add(record, file))
        .catch((error) => view.update({ ...record, ...failed(error) }, false));
      return view;
    },
    async uploads(onUpload) {
      await opened;
      if (onUpload) views.watch(onUpload);
      return views.all();
    },
    close: async () => (await opened).close(),
  };
}

const failed = (error: Error) => ({ state: 'failed', error: { code: error.name, message: error.message } }) as const;

function newRecord(
  endpoint: string,
  file: File,
  partSize: number | undefined,
  metadata: Record<string, string>,
): UploadRecord {
  const plan = planParts(file.size, PROFILES.generic, partSize);
  return {
    id: crypto.randomUUID(),
    endpoint,
    name: file.name,
    size: file.size,
    type: file.type || UNKNOWN_TYPE,
    lastModified: file.lastModified,
    addedAt: Date.now(),
    metadata,
    partSize: plan.partSize,
    totalParts: plan.totalParts,
    state: 'open',
    staged: false,
  };
}

/** Opens what lives as long as the client: store, bus, worker, lock. */
async function open(options: UploadClientOptions, views: ReturnType<typeof createViews>) {
  const { owner, endpoint } = options;
  const store = await openStore(owner);
  const bus = openBus(owner);
  const hasWork = () => views.all().some((view) => !isSettled(view.record));
  const standby = openStandby(options.serviceWorker, owner, bus, { onChange: views.touch, hasWork });
  const files = createFiles(store, bus);
  const signedIn = options.apiKey !== undefined || options.headers !== undefined;
  const headers = async () => ({
    ...(options.apiKey && { 'x-api-key': options.apiKey }),
    ...(await options.headers?.()),
  });
  const host: Host = {
    store,
    bus,
    slots: createSlots(LANES),
    lanes: LANES,
    file: files.get,
    async credentials() {
      // The app's own credentials may be out of reach when the network is; the grant is at hand.
      const own = signedIn ? await headers().catch(() => undefined) : undefined;
      if (own) return own;
      const kept = await store.grant(endpoint);
      return kept && { authorization: `Bearer ${kept.grant}` };
    },
    random: Math.random,
  };

  let mayBeginLater = false;
  async function prepareGrant(): Promise<void> {
    if (signedIn) await keepGrant(store, endpoint, headers).catch(() => {});
    const kept = await store.grant(endpoint);
    mayBeginLater = kept !== undefined && kept.expiresAt > Date.now();
    views.touch();
    // Uploads that wait for credentials look again.
    for (const { record } of views.all())
      if (record.error && !isSettled(record)) bus.post({ type: 'changed', id: record.id });
  }
  views.serve({
    store,
    bus,
    somewhere: files.somewhere,
    canLeave: (record) => standby.ready && (record.resumeToken !== undefined || mayBeginLater),
    async cancel(id) {
      await store.change(id, ({ state }) => (state === 'done' ? {} : { state: 'cancelling' }));
      bus.post({ type: 'changed', id });
    },
    async forget(id) {
      const known = await store.upload(id);
      if (known && !isSettled(known)) return;
      await store.remove(id);
      bus.post({ type: 'changed', id });
    },
  });
  await views.load();
  void prepareGrant();
  window.addEventListener('online', prepareGrant);
  const stopDriving = driveFromPage(owner, host, () => void standby.call());
  if (hasWork()) void standby.call();

  return {
    async add(record: UploadRecord, file: File): Promise<void> {
      if (!(await store.upload(record.id))) await store.add(record);
      await files.keep(record, file);
      bus.post({ type: 'changed', id: record.id });
      void standby.call();
    },
    close() {
      stopDriving();
      files.close();
      window.removeEventListener('online', prepareGrant);
      bus.close();
      store.close();
    },
  };
}

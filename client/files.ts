import type { Bus, Message } from '../sw/bus.ts';
import type { PartRecord, UploadRecord } from '../sw/record.ts';
import { stageFile } from '../sw/stage.ts';
import type { Store } from '../sw/store.ts';
import { waitFor } from '../sw/wait.ts';
import { answersFor } from './asking.ts';

/** The picked files that this page has in its hands, each being staged. */
export interface Files {
  get(id: string): File | undefined;
  /** What is known of its parts where the upload is not begun, and no more is known on disk. */
  parts(record: UploadRecord): PartRecord[] | undefined;
  /** Takes the file of `record` and stages it beside the upload; of one that `isNew` there is nothing on disk. */
  keep(record: UploadRecord, file: File, isNew?: boolean): Promise<void>;
  drop(id: string): void;
  /** Stages them all once more: what was staged is lost. */
  again(): void;
  /** Lets go of them all. */
  close(): void;
  /** Whether this or another open tab has the file. */
  somewhere(record: UploadRecord): Promise<boolean>;
}

const lockName = (id: string) => `partway:file:${id}`;

/** Names of the errors of a file that is gone or changed on disk. */
const UNREADABLE = new Set(['NotReadableError', 'NotFoundError']);
/** Milliseconds before staging is tried again after trouble with the device's storage. */
const PAUSE_MS = 5000;

interface Kept {
  file: File;
  partSize: number;
  attempt: number | undefined;
  /** Of its parts, cut so in this attempt; undefined until it is all that the device knows of them. */
  known?: ReadonlyMap<number, PartRecord> | undefined;
  staging?: AbortController;
  /** What was missed before it came is forgotten. */
  given?: boolean;
  /** Tells the other tabs that the page has let go of the file. */
  release(): void;
}

/** Asks the browser not to clear this site when the disk fills up; once on this device, for Firefox asks the person. */
async function persist(store: Store): Promise<void> {
  if (await store.note('persist')) return;
  await store.keepNote('persist', true);
  await navigator.storage.persist();
}

/** Without `keepSlices` nothing of a file is written to IndexedDB, and no other tab hears of it. */
export function createFiles(store: Store, bus: Bus, keepSlices: boolean): Files {
  const kept = new Map<string, Kept>();
  let persisted = false;
  const locks = keepSlices ? navigator.locks : undefined;

  async function stage(record: UploadRecord, entry: Kept, isNew = false): Promise<void> {
    entry.staging?.abort();
    entry.staging = new AbortController();
    const { signal } = entry.staging;
    entry.known = undefined;
    entry.partSize = record.partSize;
    entry.attempt = record.attempt;
    for (; !signal.aborted; isNew = false) {
      try {
        const onRecall = (known: Kept['known']) => {
          if (!signal.aborted) entry.known = known;
        };
        return await stageFile(store, bus, record, entry.file, signal, { keepSlices, isNew, onRecall });
      } catch (error) {
        // Another has taken its place.
        if (signal.aborted) return;
        if (UNREADABLE.has((error as Error).name)) return lose(record.id);
        await waitFor(PAUSE_MS, signal);
      }
    }
  }
  async function lose(id: string): Promise<void> {
    drop(id);
    const told = { code: 'FILE_NEEDED', message: 'The file cannot be read any more.' };
    // What is staged goes on without it.
    await store.change(id, ({ staged }) => (staged ? {} : { error: told }));
    bus.post({ type: 'changed', id });
  }
  function drop(id: string): void {
    const entry = kept.get(id);
    kept.delete(id);
    entry?.staging?.abort();
    entry?.release();
  }

  async function hear(message: Message): Promise<void> {
    if (message.type === 'whose' && kept.has(message.id)) bus.post({ type: 'mine', id: message.id });
    if (message.type !== 'changed') return;
    const entry = kept.get(message.id);
    if (!entry?.given) return;
    const record = await store.upload(message.id);
    if (record?.state === 'failed') entry.staging?.abort();
    else if (record?.state !== 'open' || record.error?.code === 'FILE_NEEDED') drop(message.id);
    // The server's plan is another, or the upload is begun anew: cut the file again.
    else if (record.partSize !== entry.partSize || record.attempt !== entry.attempt || entry.staging!.signal.aborted)
      void stage(record, entry);
  }
  // What is closed or erased meanwhile has nothing to tell.
  bus.listen((message) => void hear(message).catch(() => {}));

  return {
    get: (id) => kept.get(id)?.file,
    parts({ id, partSize, attempt, resumeToken }) {
      const entry = kept.get(id);
      if (!entry?.known || resumeToken || entry.partSize !== partSize || entry.attempt !== attempt) return undefined;
      return [...entry.known.values()];
    },
    async keep(record, file, isNew = false) {
      drop(record.id);
      const { promise, resolve: release } = Promise.withResolvers<void>();
      const entry: Kept = { file, partSize: record.partSize, attempt: record.attempt, release };
      kept.set(record.id, entry);
      // Held as long as this page has the file; other tabs see it in the list of locks.
      void locks?.request(lockName(record.id), () => promise);
      if (keepSlices && !persisted) {
        persisted = true;
        persist(store).catch(() => {});
      }
      // Whoever missed a file until now did not know of this one.
      const now = isNew ? record : await store.change(record.id, () => ({ error: undefined }));
      entry.given = true;
      if (kept.get(record.id) !== entry) return;
      if (now?.state === 'open') void stage(now, entry, isNew);
      else if (now?.state !== 'failed') drop(record.id);
    },
    drop,
    again() {
      for (const { staging } of kept.values()) staging?.abort();
    },
    async somewhere(record) {
      if (kept.has(record.id)) return true;
      if (!locks) return !record.staged && answersFor(bus, record.id);
      const { held = [] } = await locks.query();
      return held.some((lock) => lock.name === lockName(record.id));
    },
    close() {
      for (const id of kept.keys()) drop(id);
    },
  };
}

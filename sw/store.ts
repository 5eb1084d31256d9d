import type { UploadedObject } from './bus.ts';
import { type Database, type Keeper, openDatabase } from './database.ts';
import { grouped } from './group.ts';
import { endOf, type HistoryEntry, keyOf, MOST_ENTRIES } from './history.ts';
import { isSettled, type KeptGrant, type PartRecord, type UploadRecord } from './record.ts';
import type { PartKey, Prefix, Tables } from './transaction.ts';

/** One owner's records and slices on this device. */
export interface Store {
  /** What it keeps outlives the page. */
  readonly lasting: boolean;
  uploads(): Promise<UploadRecord[]>;
  upload(id: string): Promise<UploadRecord | undefined>;
  /** Changes the record in one transaction; undefined where it is gone. */
  change(id: string, change: (record: UploadRecord) => Partial<UploadRecord>): Promise<UploadRecord | undefined>;
  /** Its object is there: nothing of it is needed here any more. */
  finish(id: string, object: UploadedObject): Promise<unknown>;
  add(record: UploadRecord): Promise<unknown>;
  /** Ascending. */
  parts(record: UploadRecord): Promise<PartRecord[]>;
  /**
   * Puts one part's record and, where given, its bytes, unless it is stored by now; what was known of it before stays so.
   * Rejects with `QuotaExceededError` where the disk share is used up.
   */
  stagePart(record: UploadRecord, part: PartRecord, slice?: Blob): Promise<void>;
  putPart(record: UploadRecord, part: PartRecord): Promise<unknown>;
  slice(record: UploadRecord, partNumber: number): Promise<Blob | undefined>;
  /** The bucket has these parts: writes it down and drops their slices. */
  markStored(record: UploadRecord, parts: PartRecord[]): Promise<void>;
  /** Forgets parts and slices, of one way of cutting or of all. */
  dropParts(id: string, partSize?: number): Promise<void>;
  /** Begins an open or failed upload anew: nothing is stored any more; what has no slice needs the file. */
  reopen(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  grant(endpoint: string): Promise<KeptGrant | undefined>;
  keepGrant(grant: KeptGrant): Promise<unknown>;
  /** A small fact about this device. */
  note(name: string): Promise<unknown>;
  keepNote(name: string, value: unknown): Promise<unknown>;
  /** How uploads ended, newest first; what is older than the last 500 is forgotten, and so are uploads that were done before the last 500. */
  history(): Promise<HistoryEntry[]>;
  close(): void;
}

/** Key of the Blob that is written to see whether it can be read again. */
const PROBE: PartKey = ['', 0, 0];

/** Opens the store of `owner`, with a `keeper` as a page does, without as the worker; see `openDatabase`. */
export const openStore = async (owner: string, keeper?: Keeper): Promise<Store> =>
  createStore(await openDatabase(owner, keeper));

const byAge = (a: UploadRecord, b: UploadRecord) => a.addedAt - b.addedAt;

function remember(tables: Tables, end: HistoryEntry | undefined): void {
  if (end) void tables.put('history', end, keyOf(end));
}

function drop(tables: Tables, parts: Prefix): void {
  for (const name of ['parts', 'slices'] as const) void tables.remove(name, parts);
}

interface Alteration {
  id: string;
  change: (record: UploadRecord) => Partial<UploadRecord>;
}

/** Changes records one after the other; undefined where one is gone. */
async function alterAll(tables: Tables, asks: Alteration[]): Promise<(UploadRecord | undefined)[]> {
  const read = asks.map(async ({ id }) => [id, await tables.get('uploads', id)] as const);
  const records = new Map(await Promise.all(read));
  return asks.map(({ id, change }) => {
    const before = records.get(id);
    if (!before) return undefined;
    const after = { ...before, ...change(before) };
    records.set(id, after);
    void tables.put('uploads', after);
    if (isSettled(after)) remember(tables, endOf(after, before.state));
    return after;
  });
}

export function createStore({ lasting, run, close }: Database): Store {
  const key = (record: UploadRecord, partNumber: number): PartKey => [record.id, record.partSize, partNumber];
  let probe: Promise<boolean> | undefined;
  // Of forty files that were picked at once each is written, and read again whenever it changes.
  const read = grouped((ids: string[]) =>
    run(['uploads'], 'readonly', async (tables) => Promise.all(ids.map((id) => tables.get('uploads', id)))),
  );
  const put = grouped((records: UploadRecord[]) =>
    run(['uploads'], 'readwrite', async (tables) =>
      Promise.all(records.map((record) => tables.put('uploads', record))),
    ),
  );
  const alter = grouped((asks: Alteration[]) =>
    run(['uploads', 'history'], 'readwrite', (tables) => alterAll(tables, asks)),
  );
  const end = grouped((asks: Alteration[]) =>
    run(['uploads', 'parts', 'slices', 'history'], 'readwrite', async (tables) => {
      for (const { id } of asks) drop(tables, [id]);
      return alterAll(tables, asks);
    }),
  );

  /** Whether this browser keeps Blobs; WebKit does not always. Rejects with `QuotaExceededError` where there is no room. */
  async function keepsBlobs(): Promise<boolean> {
    try {
      await run(['slices'], 'readwrite', (tables) => tables.put('slices', new Blob(['?']), PROBE));
      const kept = (await run(['slices'], 'readonly', (tables) => tables.get('slices', PROBE))) as Blob;
      return (await kept.text()) === '?';
    } catch (error) {
      if ((error as Error).name !== 'QuotaExceededError') return false;
      probe = undefined;
      throw error;
    } finally {
      await run(['slices'], 'readwrite', (tables) => tables.remove('slices', PROBE)).catch(() => {});
    }
  }

  return {
    lasting,
    uploads: async () => (await run(['uploads'], 'readonly', (tables) => tables.list('uploads'))).sort(byAge),
    upload: read,
    change: (id, change) => alter({ id, change }),
    finish: (id, { url, fileKey, etag }) =>
      end({ id, change: () => ({ url, fileKey, etag, state: 'done', staged: true, error: undefined }) }),
    add: put,
    parts: ({ id, partSize }) => run(['parts'], 'readonly', (tables) => tables.list('parts', [id, partSize])),
    async stagePart(record, part, slice) {
      probe ??= slice && keepsBlobs();
      const bytes = slice && ((await probe) ? slice : await slice.arrayBuffer());
      // A digest need not wait for the slices of others.
      await run(['uploads', 'parts', ...(bytes ? (['slices'] as const) : [])], 'readwrite', async (tables) => {
        const at = key(record, part.partNumber);
        const [before, owner] = await Promise.all([tables.get('parts', at), tables.get('uploads', record.id)]);
        if (before?.stored || !owner || owner.state === 'done' || owner.state === 'cancelling') return;
        // The slice first: what refuses it must not leave a record that speaks of it.
        if (bytes) void tables.put('slices', bytes, at);
        void tables.put('parts', { ...before, ...part, sliced: part.sliced || !!before?.sliced }, at);
      });
    },
    putPart: (record, part) =>
      run(['parts'], 'readwrite', (tables) => tables.put('parts', part, key(record, part.partNumber))),
    async slice(record, partNumber) {
      const kept = await run(['slices'], 'readonly', (tables) => tables.get('slices', key(record, partNumber)));
      return kept instanceof ArrayBuffer ? new Blob([kept]) : kept;
    },
    markStored: (record, parts) =>
      run(['parts', 'slices'], 'readwrite', async (tables) => {
        for (const part of parts) {
          const at = key(record, part.partNumber);
          void tables.put('parts', { ...part, stored: true, sliced: false }, at);
          void tables.remove('slices', at);
        }
      }),
    dropParts: (id, partSize) =>
      run(['parts', 'slices'], 'readwrite', async (tables) => drop(tables, partSize ? [id, partSize] : [id])),
    reopen: (id) =>
      run(['uploads', 'parts'], 'readwrite', async (tables) => {
        const record = await tables.get('uploads', id);
        if (record?.state !== 'failed' && record?.state !== 'open') return;
        const parts = await tables.list('parts', [id, record.partSize]);
        const without = parts.filter((part) => !part.sliced);
        for (const part of without) void tables.remove('parts', key(record, part.partNumber));
        const { resumeToken: _, error: __, attempt = 0, ...rest } = record;
        const staged = parts.length - without.length === record.totalParts;
        void tables.put('uploads', { ...rest, state: 'open', attempt: attempt + 1, staged });
      }),
    remove: (id) =>
      run(['uploads', 'parts', 'slices', 'history'], 'readwrite', async (tables) => {
        const record = await tables.get('uploads', id);
        if (record?.state === 'cancelling') remember(tables, endOf(record));
        void tables.remove('uploads', id);
        drop(tables, [id]);
      }),
    grant: (endpoint) => run(['grants'], 'readonly', (tables) => tables.get('grants', endpoint)),
    keepGrant: (grant) => run(['grants'], 'readwrite', (tables) => tables.put('grants', grant)),
    note: (name) => run(['notes'], 'readonly', (tables) => tables.get('notes', name)),
    keepNote: (name, value) => run(['notes'], 'readwrite', (tables) => tables.put('notes', value, name)),
    history: () =>
      run(['uploads', 'history'], 'readwrite', async (tables) => {
        const [entries, uploads] = await Promise.all([tables.list('history'), tables.list('uploads')]);
        const done = uploads.filter(({ state }) => state === 'done').sort(byAge);
        for (const { id } of done.slice(0, -MOST_ENTRIES)) void tables.remove('uploads', id);
        for (const entry of entries.splice(0, entries.length - MOST_ENTRIES))
          void tables.remove('history', keyOf(entry));
        return entries.reverse();
      }),
    close,
  };
}

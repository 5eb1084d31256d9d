import type { DBSchema, IDBPDatabase, IDBPObjectStore } from 'idb';
import type { HistoryEntry, HistoryKey } from './history.ts';
import type { KeptGrant, PartRecord, UploadRecord } from './record.ts';

/** Parts are numbered within one way of cutting, so that a file can be cut anew beside the old slices. */
export type PartKey = [upload: string, partSize: number, partNumber: number];

/** All parts or slices of an upload, or those of one way of cutting. */
export type Prefix = [upload: string, partSize?: number];

export interface Schema extends DBSchema {
  uploads: { key: string; value: UploadRecord };
  parts: { key: PartKey; value: PartRecord };
  /** A buffer where the browser keeps no Blobs. */
  slices: { key: PartKey; value: Blob | ArrayBuffer };
  grants: { key: string; value: KeptGrant };
  /** Small facts about this device, by name. */
  notes: { key: string; value: unknown };
  history: { key: HistoryKey; value: HistoryEntry };
}

export type Connection = IDBPDatabase<Schema>;
export type Name = 'uploads' | 'parts' | 'slices' | 'grants' | 'notes' | 'history';

/** One transaction. Writes need not be awaited. */
export interface Tables {
  get<N extends Name>(name: N, key: Schema[N]['key']): Promise<Schema[N]['value'] | undefined>;
  /** By ascending key. */
  list<N extends Name>(name: N, prefix?: Prefix): Promise<Schema[N]['value'][]>;
  put<N extends Name>(name: N, value: Schema[N]['value'], key?: Schema[N]['key']): Promise<unknown>;
  remove(name: Name, which: string | PartKey | Prefix | HistoryKey): Promise<void>;
}

/** What fails also ends its transaction, which tells of it. */
function unheard<T>(request: Promise<T>): Promise<T> {
  request.catch(() => {});
  return request;
}

/** The key itself, or those that begin so. */
const rangeOf = (which: IDBValidKey) =>
  IDBKeyRange.bound(which, Array.isArray(which) && which.length < 3 ? [...which, []] : which);

/** Runs `work` in one transaction. */
export async function transact<T>(
  db: Connection,
  names: Name[],
  mode: IDBTransactionMode,
  work: (tables: Tables) => Promise<T>,
): Promise<T> {
  // A worker leaves an older database as it is: what that lacks is empty.
  const present = names.filter((name) => db.objectStoreNames.contains(name));
  const tx = db.transaction(present, mode, { durability: 'relaxed' });
  type Table = IDBPObjectStore<unknown, Name[], Name, 'readwrite'>;
  const on = <A>(name: Name, ask: (table: Table) => Promise<A>, empty?: A) =>
    (present.includes(name)
      ? unheard(ask(tx.objectStore(name) as unknown as Table))
      : Promise.resolve(empty)) as Promise<A>;
  const result = work({
    get: (name, key) => on(name, (table) => table.get(key)),
    list: (name, prefix) => on(name, (table) => table.getAll(prefix && rangeOf(prefix as IDBValidKey)), []),
    put: (name, value, key) => on(name, (table) => table.put(value, key)),
    remove: (name, which) => on(name, (table) => table.delete(rangeOf(which as IDBValidKey))),
  });
  // Nobody need come back to ask whether there is more. A value that cannot be kept is refused before there is a request;
  // nothing else of it shall be written either.
  result
    .then(
      () => tx.commit(),
      () => tx.abort(),
    )
    .catch(() => {});
  try {
    await tx.done;
  } catch (error) {
    // It knows better than its requests why it ended, that the disk is full, say; but not that it was we who ended it.
    if (!tx.error) await result;
    throw error;
  }
  return result;
}

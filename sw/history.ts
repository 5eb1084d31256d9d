import { deleteDB, openDB } from 'idb';
import { isSettled, type UploadRecord } from './record.ts';
import type { Store } from './store.ts';

/** How one upload ended. */
export interface HistoryEntry {
  /** The upload's on this device; one that was begun anew after a failure has several entries. */
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  outcome: 'done' | 'failed' | 'cancelled';
  /** Milliseconds since the epoch. */
  at: number;
  /** Why, of a failed one. */
  code?: string | undefined;
  /** The object's address, of one that is done. */
  url?: string | undefined;
}

const MOST = 500;
const nameOf = (owner: string) => `partway-history:${owner}`;

/** Opened for one thing at a time: it is written seldom, and whoever signs out must not wait for it. */
async function open(owner: string) {
  return openDB(nameOf(owner), 1, { upgrade: (db) => void db.createObjectStore('entries', { autoIncrement: true }) });
}

/** Newest first, the last 500. */
export async function historyOf(owner: string): Promise<HistoryEntry[]> {
  const db = await open(owner);
  const entries = await db.getAll('entries').finally(() => db.close());
  return entries.reverse();
}

export const eraseHistory = (owner: string): Promise<void> => deleteDB(nameOf(owner));

async function note(owner: string, outcome: HistoryEntry['outcome'], record: UploadRecord): Promise<void> {
  const { id, name, size, error, url } = record;
  const entry: HistoryEntry = { id, name, size, outcome, at: Date.now(), code: error?.code, url };
  const db = await open(owner);
  const tx = db.transaction('entries', 'readwrite');
  const key = Number(await tx.store.add(entry));
  void tx.store.delete(IDBKeyRange.upperBound(key - MOST));
  await tx.done.finally(() => db.close());
}

/** The store of `owner`, writing down how each upload ends, whoever ends it. */
export function withHistory(store: Store, owner: string): Store {
  // What cannot be written down has happened all the same.
  const tell = (...what: Parameters<typeof note>) => note(...what).catch(() => {});
  return {
    ...store,
    async change(id, how) {
      let before: UploadRecord['state'] | undefined;
      const after = await store.change(id, (record) => {
        before = record.state;
        return how(record);
      });
      if (after && isSettled(after) && after.state !== before) await tell(owner, after.state as 'done', after);
      return after;
    },
    async remove(id) {
      const record = await store.upload(id);
      await store.remove(id);
      if (record?.state === 'cancelling') await tell(owner, 'cancelled', record);
    },
  };
}

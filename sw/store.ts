import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import type { KeptGrant, PartRecord, UploadRecord } from './record.ts';

/** Parts are numbered within one way of cutting, so that a file can be cut anew beside the old slices. */
type PartKey = [upload: string, partSize: number, partNumber: number];

interface Schema extends DBSchema {
  uploads: { key: string; value: UploadRecord };
  parts: { key: PartKey; value: PartRecord };
  slices: { key: PartKey; value: Blob };
  grants: { key: string; value: KeptGrant };
}

const VERSION = 1;
export const PREFIX = 'partway:';

/** One owner's records and slices on this device. */
export interface Store {
  uploads(): Promise<UploadRecord[]>;
  upload(id: string): Promise<UploadRecord | undefined>;
  /** Changes the record in one transaction; undefined where it is gone. */
  change(id: string, change: (record: UploadRecord) => Partial<UploadRecord>): Promise<UploadRecord | undefined>;
  add(record: UploadRecord): Promise<void>;
  /** Ascending. */
  parts(record: UploadRecord): Promise<PartRecord[]>;
  /**
   * Puts one part's record and, where given, its bytes, unless it is stored by now.
   * Rejects with `QuotaExceededError` where the disk share is used up.
   */
  stagePart(record: UploadRecord, part: PartRecord, slice?: Blob): Promise<void>;
  putPart(record: UploadRecord, part: PartRecord): Promise<void>;
  slice(record: UploadRecord, partNumber: number): Promise<Blob | undefined>;
  /** The bucket has these parts: writes it down and drops their slices. */
  markStored(record: UploadRecord, parts: PartRecord[]): Promise<void>;
  /** Forgets parts and slices, of one way of cutting or of all. */
  dropParts(id: string, partSize?: number): Promise<void>;
  /** Begins an open or failed upload anew: nothing is stored any more; what has no slice needs the file. */
  reopen(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  grant(endpoint: string): Promise<KeptGrant | undefined>;
  keepGrant(grant: KeptGrant): Promise<void>;
  close(): void;
}

/** Forgets all that `owner` has on this device; contexts that have it open let go. */
export const eraseStore = (owner: string): Promise<void> => deleteDB(PREFIX + owner);

/** Opens the store of `owner`; where there is none it is made, or, without `create`, an `AbortError` is thrown. */
export async function openStore(owner: string, create = true): Promise<Store> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(PREFIX + owner, VERSION, {
    upgrade(database, _before, _after, transaction) {
      if (!create) return transaction.abort();
      database.createObjectStore('uploads', { keyPath: 'id' });
      database.createObjectStore('parts');
      database.createObjectStore('slices');
      database.createObjectStore('grants', { keyPath: 'endpoint' });
    },
    // A newer version of the page waits for us to let go.
    blocking: () => db.close(),
  });
  const relaxed = { durability: 'relaxed' } as const;
  const all = (id: string, partSize?: number) =>
    partSize === undefined ? IDBKeyRange.bound([id], [id, []]) : IDBKeyRange.bound([id, partSize], [id, partSize, []]);
  const key = (record: UploadRecord, partNumber: number): PartKey => [record.id, record.partSize, partNumber];

  return {
    uploads: async () => (await db.getAll('uploads')).sort((a, b) => a.addedAt - b.addedAt),
    upload: (id) => db.get('uploads', id),
    async change(id, change) {
      const tx = db.transaction('uploads', 'readwrite');
      const before = await tx.store.get(id);
      const after = before && { ...before, ...change(before) };
      if (after) await tx.store.put(after);
      await tx.done;
      return after;
    },
    add: async (record) => void (await db.put('uploads', record)),
    parts: (record) => db.getAll('parts', all(record.id, record.partSize)),
    async stagePart(record, part, slice) {
      const tx = db.transaction(['uploads', 'parts', 'slices'], 'readwrite', relaxed);
      const at = key(record, part.partNumber);
      const [before, owner] = await Promise.all([
        tx.objectStore('parts').get(at),
        tx.objectStore('uploads').get(record.id),
      ]);
      const writes =
        before?.stored || !owner
          ? []
          : // The slice first: what refuses it must not leave a record that speaks of it.
            [slice && tx.objectStore('slices').put(slice, at), tx.objectStore('parts').put(part, at)];
      await Promise.all([...writes, tx.done]);
    },
    putPart: async (record, part) => void (await db.put('parts', part, key(record, part.partNumber))),
    slice: (record, partNumber) => db.get('slices', key(record, partNumber)),
    async markStored(record, parts) {
      const tx = db.transaction(['parts', 'slices'], 'readwrite', relaxed);
      for (const part of parts) {
        void tx.objectStore('parts').put({ ...part, stored: true, sliced: false }, key(record, part.partNumber));
        void tx.objectStore('slices').delete(key(record, part.partNumber));
      }
      await tx.done;
    },
    async dropParts(id, partSize) {
      const tx = db.transaction(['parts', 'slices'], 'readwrite');
      void tx.objectStore('parts').delete(all(id, partSize));
      void tx.objectStore('slices').delete(all(id, partSize));
      await tx.done;
    },
    async reopen(id) {
      const tx = db.transaction(['uploads', 'parts'], 'readwrite');
      const record = await tx.objectStore('uploads').get(id);
      if (record && (record.state === 'failed' || record.state === 'open')) {
        let sliced = 0;
        let cursor = await tx.objectStore('parts').openCursor(all(id, record.partSize));
        for (; cursor; cursor = await cursor.continue()) {
          if (cursor.value.sliced) sliced++;
          else void cursor.delete();
        }
        const { resumeToken: _, error: __, attempt = 0, ...rest } = record;
        const staged = sliced === record.totalParts;
        void tx.objectStore('uploads').put({ ...rest, state: 'open', attempt: attempt + 1, staged });
      }
      await tx.done;
    },
    async remove(id) {
      const tx = db.transaction(['uploads', 'parts', 'slices'], 'readwrite');
      void tx.objectStore('uploads').delete(id);
      void tx.objectStore('parts').delete(all(id));
      void tx.objectStore('slices').delete(all(id));
      await tx.done;
    },
    grant: (endpoint) => db.get('grants', endpoint),
    keepGrant: async (grant) => void (await db.put('grants', grant)),
    close: () => db.close(),
  };
}

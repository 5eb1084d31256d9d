import { deleteDB, openDB } from 'idb';
import type { UploadRecord } from './record.ts';
import { type Connection, type Name, type Schema, type Tables, transact } from './transaction.ts';

/** Tables and the transactions over them; `work` may be run again, and awaits nothing but its tables. */
export interface Database {
  /** It outlives the page. */
  readonly lasting: boolean;
  run<T>(names: Name[], mode: IDBTransactionMode, work: (tables: Tables) => Promise<T>): Promise<T>;
  close(): void;
}

/** What a page does about a database that goes away under it. */
export interface Keeper {
  /** What it still knows of, to be written down again. */
  survivors(): UploadRecord[];
  /** Records or slices were lost; the survivors stand in the new database. */
  onLoss(): void;
  /** It does not come back to this page. */
  onEnd(error: StorageError): void;
}

export class StorageError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What each version adds to the one before. */
const MIGRATIONS: ((db: Connection) => void)[] = [
  (db) => {
    db.createObjectStore('uploads', { keyPath: 'id' });
    db.createObjectStore('parts');
    db.createObjectStore('slices');
    db.createObjectStore('grants', { keyPath: 'endpoint' });
  },
  (db) => {
    db.createObjectStore('notes');
    db.createObjectStore('history');
  },
];
export const PREFIX = 'partway:';
/** Milliseconds for other tabs to let go of an older version; a frozen one does not even hear of it. */
const PATIENCE_MS = 8000;
/** Times in a row that a transaction is begun again after its connection was lost. */
const MOST_LOSSES = 3;
/** Attempts at another connection before only the next transaction makes one; milliseconds before the second. */
const MOST_RETURNS = 5;
const BREATH_MS = 200;
/** How browsers call it: closed, cut off in mid-transaction, and, on iOS, a storage process that went away. */
const LOST = new Set(['InvalidStateError', 'AbortError', 'UnknownError']);

const BLOCKED =
  'Another tab holds an older version of this page’s storage. Close the other tabs of this site, then reload this one.';

const OUTDATED = 'A newer version of this page has been opened in this browser: reload this one.';

const erasing = (owner: string) => `partway:erase:${owner}`;

/** Forgets all that `owner` has on this device; contexts that have it open let go. */
export async function eraseDatabase(owner: string): Promise<void> {
  const erase = () => deleteDB(PREFIX + owner);
  await (navigator.locks ? navigator.locks.request(erasing(owner), erase) : erase());
}

/** Whether it is we who delete it, because the person signed out. Where that cannot be told, what was deleted stays so. */
async function isErasing(owner: string): Promise<boolean> {
  const locks = await navigator.locks?.query().catch(() => undefined);
  return !locks || locks.held!.some(({ name }) => name === erasing(owner));
}

/**
 * Opens the database of `owner` and keeps one connection open, another one when that is lost. Without `keeper` there is
 * an `AbortError` where there is no database, and an older one stays as it is: old pages may have it open.
 */
export async function openDatabase(owner: string, keeper?: Keeper): Promise<Database> {
  let opening: Promise<Connection> | undefined;
  let known = false;
  let over: StorageError | undefined;

  async function open(): Promise<Connection> {
    try {
      const db = await connect(owner, keeper !== undefined, lose);
      if (known && keeper) await restore(db, keeper);
      known = true;
      return db;
    } catch (error) {
      opening = undefined;
      if ((error as Error).name !== 'VersionError') throw error;
      const outdated = new StorageError('PAGE_OUTDATED', OUTDATED);
      end(outdated);
      if (known) keeper?.onEnd(outdated);
      throw outdated;
    }
  }
  async function connection(): Promise<Connection> {
    if (over) throw over;
    opening ??= open();
    return opening;
  }
  function end(error: StorageError): void {
    over ??= error;
    opening?.then((db) => db.close()).catch(() => {});
  }
  /** While the browser clears the site's data it may refuse. */
  async function comeBack(): Promise<void> {
    for (let attempt = 0; attempt < MOST_RETURNS && !over; attempt++)
      try {
        return void (await connection());
      } catch {
        await new Promise((resolve) => setTimeout(resolve, BREATH_MS * 2 ** attempt));
      }
  }
  function lose(erased: boolean): void {
    opening = undefined;
    if (erased) end(new StorageError('SIGNED_OUT', 'Signed out.'));
    // At once: what the page has in its hands is to be on the device again.
    else if (keeper) void comeBack();
  }

  await connection();
  return {
    lasting: true,
    async run(names, mode, work) {
      for (let losses = 0; ; losses++) {
        const db = await connection();
        try {
          return await transact(db, names, mode, work);
        } catch (error) {
          if (over) throw over;
          if (losses === MOST_LOSSES || !LOST.has((error as Error).name)) throw error;
          if ((await opening) !== db) continue;
          db.close();
          lose(false);
        }
      }
    },
    close: () => end(new StorageError('CLOSED', 'Closed.')),
  };
}

/** `onLoss` hears, once, that the connection is no more, and whether that was because the person signed out. */
async function connect(owner: string, create: boolean, onLoss: (erased: boolean) => void): Promise<Connection> {
  let late = false;
  const opened = openDB<Schema>(PREFIX + owner, create ? MIGRATIONS.length : undefined, {
    upgrade(db, before, _after, transaction) {
      if (create) for (const migrate of MIGRATIONS.slice(before)) migrate(db);
      else transaction.abort();
    },
    async blocking(_now, wanted) {
      // Asked while the one who deletes waits for us.
      const erased = wanted === null && (await isErasing(owner));
      (await opened).close();
      onLoss(erased);
    },
    terminated: () => onLoss(false),
  });
  // What comes too late must not stand in anybody's way.
  opened.then((db) => late && db.close()).catch(() => {});
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => {
      late = true;
      reject(new StorageError('STORAGE_BLOCKED', BLOCKED));
    }, PATIENCE_MS);
  });
  limit.catch(() => {});
  return Promise.race([opened, limit]);
}

/** Whoever has written meanwhile knows better; what nobody did is put back. */
async function restore(db: Connection, keeper: Keeper): Promise<void> {
  const lost = await transact(db, ['uploads'], 'readwrite', async (tables) => {
    const there = new Set((await tables.list('uploads')).map(({ id }) => id));
    const missing = keeper.survivors().filter(({ id }) => !there.has(id));
    for (const record of missing) void tables.put('uploads', { ...record, staged: false });
    return missing.length > 0;
  });
  if (lost) keeper.onLoss();
}

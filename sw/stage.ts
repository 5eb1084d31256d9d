import { partRange } from '../server/contract/plan.ts';
import type { Bus } from './bus.ts';
import { cutOf } from './cut.ts';
import { digestOf } from './digest.ts';
import type { PartRecord, UploadRecord } from './record.ts';
import { noRoom, takeRoom } from './room.ts';
import type { Store } from './store.ts';
import { planOf } from './transit.ts';
import { waitFor } from './wait.ts';

/** Parts digested at once for sending: one is read from disk while the other is hashed. */
const LANES = 2;
/** Parts digested ahead of the lowest that the store lacks: enough for every PUT in flight and the next ones' URLs. */
const AHEAD = 16;
/** The same before any has landed, and for each that has: what cannot be sent yet is to be written rather than digested. */
const FIRST = 2;
/** Milliseconds before a full disk is tried again. */
const ROOM_MS = 5000;
/** The same before the device is asked what has landed, where nothing is heard. */
const PATIENCE_MS = 5000;

export interface Staging {
  /** Without it, it is digested only. */
  keepSlices: boolean;
  /** No part of it is on disk. */
  isNew: boolean;
  /** Given what is known of the parts as soon as no more is known on disk; it grows from then on. */
  onRecall: (known: ReadonlyMap<number, PartRecord>) => void;
}

/**
 * Prepares `file` from both ends: from the first part on it digests what is sent next, from the last part back it writes
 * slices to IndexedDB, so that what is about to be sent is written last and need not be if it has landed by then. Bytes
 * come to safety first: what is not digested when all are, is digested after, and by whoever sends it if this page goes.
 * Where the disk share is used up it waits for parts to be stored. Resolves when all is digested and written. Rejects where
 * the file cannot be read, or with the signal's reason.
 */
export async function stageFile(
  store: Store,
  bus: Bus,
  record: UploadRecord,
  file: Blob,
  signal: AbortSignal,
  { keepSlices, isNew, onRecall }: Staging,
): Promise<void> {
  const known = new Map<number, PartRecord>();
  const learn = (partNumber: number, seen: Partial<PartRecord>): PartRecord => {
    const part = { partNumber, stored: false, sliced: false, ...known.get(partNumber), ...seen };
    known.set(partNumber, part);
    return part;
  };
  const isStored = (partNumber: number) => known.get(partNumber)?.stored === true;
  const isSettled = (partNumber: number) => isStored(partNumber) || known.get(partNumber)?.sliced;
  /** The lowest that the store lacks. */
  let front = 1;
  let staged = false;
  const wakers: (() => void)[] = [];
  const news = () => new Promise<void>((resolve) => wakers.push(resolve));
  const stir = () => {
    for (const wake of wakers.splice(0)) wake();
  };
  const unlisten = bus.listen((message) => {
    if (message.type !== 'stored' || message.id !== record.id) return;
    learn(message.partNumber, { stored: true });
    stir();
  });
  signal.addEventListener('abort', stir, { once: true });

  /** What is heard meanwhile is newer; and what landed before this page listened is not always written down yet. */
  const recall = async () => {
    for (const part of await store.parts(record))
      learn(part.partNumber, { ...part, ...known.get(part.partNumber), ...(part.stored && { stored: true }) });
  };

  const cut = (partNumber: number) => cutOf(file, record, partNumber);
  /** Bytes that are in this file alone. */
  const unstaged = () => {
    let bytes = 0;
    for (let n = 1; n <= record.totalParts; n++) if (!isSettled(n)) bytes += partRange(planOf(record), n).size;
    return bytes;
  };
  const tell = (part: PartRecord) => bus.post({ type: 'sliced', id: record.id, partSize: record.partSize, part });

  let next = 1;
  let told = Promise.resolve();
  async function digestAhead(): Promise<void> {
    while (next <= record.totalParts) {
      signal.throwIfAborted();
      while (isStored(front)) front++;
      if (!staged && next > front + Math.min(AHEAD, FIRST * front)) {
        const woken = await Promise.race([news().then(() => true), waitFor(PATIENCE_MS, signal)]);
        if (!woken) await recall();
        continue;
      }
      const partNumber = next++;
      if (isStored(partNumber) || known.get(partNumber)?.digest) continue;
      // In order, also where the last part, being short, is done first: a narrow line would send that one before all others.
      const both = Promise.all([digestOf(cut(partNumber)), told]);
      told = both.then(stir, stir);
      const [digest] = await both;
      const part = learn(partNumber, { digest });
      // It outlives this page, so that whoever goes on can still verify the whole; an only slice brings its own along.
      if (!keepSlices || record.totalParts > 1) void store.stagePart(record, part).catch(() => {});
      if (!part.stored) tell(part);
    }
  }

  async function write(partNumber: number): Promise<void> {
    while (!isSettled(partNumber)) {
      signal.throwIfAborted();
      const freed = news();
      const slice = cut(partNumber);
      const put = async () => {
        // Sent, or given up, while it waited.
        if (isStored(partNumber) || signal.aborted) return;
        await store.stagePart(record, { ...learn(partNumber, {}), sliced: true }, slice).catch(async (error) => {
          // Of a file that is gone the browser says that it cannot write: only reading tells.
          await slice.slice(0, 1).arrayBuffer();
          throw error;
        });
      };
      if ((await takeRoom(slice.size)) && (await fits(inTurn(put)))) {
        signal.throwIfAborted();
        if (!isStored(partNumber)) tell(learn(partNumber, { sliced: true }));
        continue;
      }
      bus.post({ type: 'short', id: record.id, bytes: unstaged() });
      // Parts stored make room, and so may others.
      await Promise.race([freed, waitFor(ROOM_MS, signal)]);
    }
  }

  async function writeDown(digested: Promise<unknown>): Promise<void> {
    if (record.totalParts === 1) await digested;
    for (let n = record.totalParts; n > 0; n--) await write(n);
    signal.throwIfAborted();
    await store.change(record.id, ({ partSize, attempt }) =>
      partSize === record.partSize && attempt === record.attempt ? { staged: true } : {},
    );
    bus.post({ type: 'changed', id: record.id });
    staged = true;
    stir();
  }

  try {
    if (!isNew) await recall();
    onRecall(known);
    const digested = Promise.all(Array.from({ length: LANES }, digestAhead));
    await Promise.all([digested, keepSlices && writeDown(digested)]);
  } finally {
    unlisten();
  }
}

const writes: (() => Promise<void>)[] = [];
let writing = false;

/**
 * One slice at a time: whatever else is read or written would have to wait for all that stand in the browser's own queue.
 * The last comes first: of many small files it is sent last, and those that were sent meanwhile need not be written.
 */
async function inTurn(write: () => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  writes.push(() => write().then(resolve, reject));
  if (!writing) void writeAll();
  return promise;
}

async function writeAll(): Promise<void> {
  writing = true;
  for (let next = writes.pop(); next; next = writes.pop()) await next();
  writing = false;
}

/** Whether the write found room on the disk. */
async function fits(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ((error as DOMException).name !== 'QuotaExceededError') throw error;
    noRoom();
    return false;
  }
}

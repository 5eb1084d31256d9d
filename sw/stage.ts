import { partRange } from '../server/contract/plan.ts';
import type { Bus } from './bus.ts';
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
/** Milliseconds before a full disk is tried again. */
const ROOM_MS = 5000;

/**
 * Prepares `file` from both ends: from the first part on it digests what is sent next, from the last part back it digests
 * and writes slices to IndexedDB; where the two meet, everything that the store lacks is on this device, and on a fast line
 * no more than half of the file was ever written. Where the disk share is used up it waits for parts to be stored.
 * Rejects where the file cannot be read, or with the signal's reason. Without `keepSlices` it digests only.
 */
export async function stageFile(
  store: Store,
  bus: Bus,
  record: UploadRecord,
  file: Blob,
  signal: AbortSignal,
  keepSlices = true,
): Promise<void> {
  const known = new Map((await store.parts(record)).map((part) => [part.partNumber, part]));
  const stored = new Set([...known.values()].filter((part) => part.stored).map((part) => part.partNumber));
  /** Digested here and not written yet. */
  const unwritten = new Map<number, string>();
  let up = 1;
  let down = record.totalParts;
  /** The lowest that the store lacks. */
  let front = 1;
  const advance = () => {
    while (stored.has(front)) front++;
  };
  advance();
  let wakers: (() => void)[] = [];
  const news = () => new Promise<void>((resolve) => wakers.push(resolve));
  const stir = () => {
    for (const wake of wakers.splice(0)) wake();
  };
  const unlisten = bus.listen((message) => {
    if (message.type !== 'stored' || message.id !== record.id) return;
    stored.add(message.partNumber);
    unwritten.delete(message.partNumber);
    advance();
    stir();
  });
  signal.addEventListener('abort', stir);

  const cut = (partNumber: number) => {
    const { start, end } = partRange(planOf(record), partNumber);
    return file.slice(start, end + 1);
  };
  const settled = (partNumber: number) => stored.has(partNumber) || known.get(partNumber)?.sliced === true;
  /** Bytes that are in this file alone. */
  const unstaged = () => {
    let bytes = 0;
    for (let n = 1; n <= record.totalParts; n++) if (!settled(n)) bytes += partRange(planOf(record), n).size;
    return bytes;
  };
  const digest = async (partNumber: number) => known.get(partNumber)?.digest ?? digestOf(cut(partNumber));
  const tell = (part: PartRecord) => bus.post({ type: 'sliced', id: record.id, partSize: record.partSize, part });

  async function digestUp(): Promise<void> {
    while (up <= down) {
      signal.throwIfAborted();
      if (up > front + AHEAD) {
        await news();
        continue;
      }
      const partNumber = up++;
      if (settled(partNumber)) continue;
      const part = { partNumber, digest: await digest(partNumber), stored: false, sliced: false };
      if (!stored.has(partNumber)) unwritten.set(partNumber, part.digest);
      // The digest outlives this page, so that whoever goes on can still verify the whole; a slice brings its own along.
      if (!keepSlices || record.totalParts > 1) void store.stagePart(record, part).catch(() => {});
      tell(part);
    }
  }

  async function writeDown(): Promise<void> {
    let written = Promise.resolve();
    while (down >= up) {
      signal.throwIfAborted();
      const partNumber = down--;
      if (settled(partNumber)) continue;
      // The next part is hashed while this one is written.
      const partDigest = await digest(partNumber);
      await written;
      written = write(partNumber, partDigest);
      written.catch(() => {});
    }
    await written;
    stir();
  }

  async function write(partNumber: number, partDigest: string): Promise<void> {
    const part = { partNumber, digest: partDigest, stored: false, sliced: true };
    while (!stored.has(partNumber)) {
      signal.throwIfAborted();
      const freed = news();
      const slice = cut(partNumber);
      const put = async () => {
        // Sent, or given up, while it waited.
        if (!stored.has(partNumber) && !signal.aborted) await store.stagePart(record, part, slice);
      };
      if ((await takeRoom(slice.size)) && (await fits(inTurn(put)))) {
        if (stored.has(partNumber)) return;
        signal.throwIfAborted();
        known.set(partNumber, part);
        tell(part);
        return;
      }
      bus.post({ type: 'short', id: record.id, bytes: unstaged() });
      // No room: it can be sent from the file all the same. Parts stored make room, and so may others.
      tell({ ...part, sliced: false });
      await Promise.race([freed, waitFor(ROOM_MS, signal)]);
    }
  }

  try {
    await Promise.all([...Array.from({ length: LANES }, digestUp), keepSlices && writeDown()]);
    if (!keepSlices) return;
    // The parts about to be sent are written last: most of them have landed by now.
    for (const [partNumber, partDigest] of [...unwritten].reverse()) await write(partNumber, partDigest);
  } finally {
    wakers = [];
    unlisten();
    signal.removeEventListener('abort', stir);
  }
  signal.throwIfAborted();
  await store.change(record.id, ({ partSize, attempt }) =>
    partSize === record.partSize && attempt === record.attempt ? { staged: true } : {},
  );
  bus.post({ type: 'changed', id: record.id });
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

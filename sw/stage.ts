import { partRange } from '../server/contract/plan.ts';
import type { Bus } from './bus.ts';
import { digestOf } from './digest.ts';
import type { PartRecord, UploadRecord } from './record.ts';
import type { Store } from './store.ts';
import { planOf } from './transit.ts';

/**
 * Cuts `file` into slices in IndexedDB, lowest part first, until everything that the store lacks is on this device.
 * Where the disk share is used up it goes on with digests alone, and comes back for the slices as parts are stored.
 * Rejects where the file cannot be read, or with the signal's reason.
 */
export async function stageFile(
  store: Store,
  bus: Bus,
  record: UploadRecord,
  file: Blob,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const freed = nextStored(bus, record.id, signal);
    const known = new Map((await store.parts(record)).map((part) => [part.partNumber, part]));
    let short = false;
    for (let n = 1; n <= record.totalParts; n++) {
      signal.throwIfAborted();
      const before = known.get(n);
      if (before?.stored || before?.sliced) continue;
      const { start, end } = partRange(planOf(record), n);
      const slice = file.slice(start, end + 1);
      const part: PartRecord = {
        partNumber: n,
        digest: before?.digest ?? (await digestOf(slice)),
        stored: false,
        sliced: !short,
      };
      short = !(await put(store, record, part, slice)) || short;
      bus.post({
        type: 'sliced',
        id: record.id,
        partSize: record.partSize,
        part: short ? { ...part, sliced: false } : part,
      });
    }
    if (!short) break;
    await freed;
  }
  await store.change(record.id, () => ({ staged: true }));
  bus.post({ type: 'changed', id: record.id });
}

/** Writes the part, with its slice while there is room; false where there was none. */
async function put(store: Store, record: UploadRecord, part: PartRecord, slice: Blob): Promise<boolean> {
  try {
    await store.stagePart(record, part, part.sliced ? slice : undefined);
    return part.sliced;
  } catch (error) {
    if ((error as DOMException).name !== 'QuotaExceededError') throw error;
    await store.stagePart(record, { ...part, sliced: false });
    return false;
  }
}

function nextStored(bus: Bus, id: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      unlisten();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const unlisten = bus.listen((message) => message.type === 'stored' && message.id === id && end());
    signal.addEventListener('abort', end);
  });
}

import { grouped } from './group.ts';
import type { PartRecord, UploadRecord } from './record.ts';
import type { Store } from './store.ts';

/**
 * Writes down which parts the bucket has, as they land, without holding up the next PUT; what gathers during one write goes
 * with the next. What is not written when the context ends, the store itself tells whoever comes next.
 */
export interface Recorder {
  add(part: PartRecord): void;
  /** Resolves when the last is written, after all before it were tried; rejects where it could not be. */
  flush(): Promise<void>;
}

export function createRecorder(store: Store, record: UploadRecord): Recorder {
  const write = grouped(async (parts: PartRecord[]) => {
    await store.markStored(record, parts);
    return parts.map(() => undefined);
  });
  let last: Promise<void> = Promise.resolve();
  return {
    add(part) {
      last = write(part);
      last.catch(() => {});
    },
    flush: () => last,
  };
}

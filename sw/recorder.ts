import type { PartRecord, UploadRecord } from './record.ts';
import type { Store } from './store.ts';

/**
 * Writes down which parts the bucket has, as they land, without holding up the next PUT; what gathers during one write goes
 * with the next. What is not written when the context ends, the store itself tells whoever comes next.
 */
export interface Recorder {
  add(part: PartRecord): void;
  /** Resolves when all is written; rejects where a write failed. */
  flush(): Promise<void>;
}

export function createRecorder(store: Store, record: UploadRecord): Recorder {
  let gathered: PartRecord[] = [];
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (gathered.length) {
      const batch = gathered;
      gathered = [];
      await store.markStored(record, batch);
    }
  }
  function start(): Promise<void> {
    writing ??= write().finally(() => {
      writing = undefined;
    });
    return writing;
  }
  return {
    add(part) {
      gathered.push(part);
      start().catch(() => {});
    },
    flush: () =>
      gathered.length || writing ? start().then(() => (gathered.length ? start() : undefined)) : Promise.resolve(),
  };
}

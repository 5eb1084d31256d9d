import { idempotencyKey, isSettled, type UploadRecord } from '../sw/record.ts';
import type { Upload } from './upload.ts';

/** How far the person saw each upload come, kept over a reload: parts that have to be sent again are no step back. */
export interface Watermark {
  /** Bytes. */
  of(record: UploadRecord): number;
  keep(uploads: Upload[]): void;
  erase(): void;
}

export function openWatermark(owner: string): Watermark {
  const name = `partway:${owner}`;
  /** A page may be kept from this storage; then there is nothing to remember. */
  function attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      return undefined;
    }
  }
  const seen: Record<string, number> = attempt(() => JSON.parse(localStorage.getItem(name) ?? '{}')) ?? {};
  return {
    of: (record) => Number(seen[idempotencyKey(record)]) || 0,
    keep(uploads) {
      const open = uploads.filter(({ record }) => !isSettled(record));
      const marks = open.map(({ record, progress }) => [idempotencyKey(record), progress.uploadedBytes]);
      attempt(() => localStorage.setItem(name, JSON.stringify(Object.fromEntries(marks))));
    },
    erase: () => attempt(() => localStorage.removeItem(name)),
  };
}

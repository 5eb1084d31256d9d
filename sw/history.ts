import type { UploadRecord } from './record.ts';

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

/** When, and which: ascending keys are the order of the ends. */
export type HistoryKey = [at: number, id: string];

export const MOST_ENTRIES = 500;

export const keyOf = ({ at, id }: HistoryEntry): HistoryKey => [at, id];

/** What is to be remembered of an upload that ends like this; undefined where it does not end. */
export function endOf(record: UploadRecord, before?: UploadRecord['state']): HistoryEntry | undefined {
  const { id, name, size, error, url, state } = record;
  if (state === before || state === 'open') return undefined;
  const outcome = state === 'cancelling' ? 'cancelled' : state;
  return { id, name, size, outcome, at: Date.now(), code: error?.code, url };
}

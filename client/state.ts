import type { Phase } from '../sw/bus.ts';
import type { UploadRecord } from '../sw/record.ts';

/**
 * `preparing`: being cut, nothing sent yet. `waiting`: it goes on by itself when what it waits for is back.
 * `needs-file`: the rest is on no device, pick the file again. `finishing`: everything is stored, the server verifies.
 */
export type State =
  | 'preparing'
  | 'uploading'
  | 'waiting'
  | 'paused'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'needs-file'
  | 'cancelled';

export interface Circumstances {
  /** What its driver said last. */
  phase: Phase | undefined;
  /** Some open tab has the file itself. */
  fileAtHand: boolean;
}

export function stateOf(record: UploadRecord | undefined, { phase, fileAtHand }: Circumstances): State {
  if (!record) return 'cancelled';
  // Whether it is too late to cancel it, only the server can tell.
  if (record.state === 'cancelling') return phase === 'finishing' ? phase : 'cancelled';
  if (record.state !== 'open') return record.state;
  // Even where it is paused: resuming alone would not help.
  if (!record.staged && !fileAtHand) return 'needs-file';
  if (record.paused) return 'paused';
  return record.error ? 'waiting' : (phase ?? 'preparing');
}

/** Whole percent of the file that the store has; 100 only when it is verified. */
export function percentageOf(record: Pick<UploadRecord, 'state' | 'size'>, bytes: number): number {
  if (record.state === 'done') return 100;
  return record.size === 0 ? 0 : Math.min(99, Math.floor((bytes / record.size) * 100));
}

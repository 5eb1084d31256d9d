import { partRange } from '../server/contract/plan.ts';
import type { UploadRecord } from './record.ts';
import { planOf } from './transit.ts';

/** The part's bytes. For each slice of a picked file a browser asks the disk: a file of one part stands for itself. */
export function cutOf(file: Blob, record: UploadRecord, partNumber: number): Blob {
  if (record.totalParts === 1) return file;
  const { start, end } = partRange(planOf(record), partNumber);
  return file.slice(start, end + 1);
}

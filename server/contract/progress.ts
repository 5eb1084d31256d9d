import { type Plan, partRange } from './plan.ts';
import { count, includes, type Ranges } from './ranges.ts';

/** Parts and bytes that the store has; percentages are numbers from 0 to 100. */
export interface Progress {
  uploaded: number;
  total: number;
  percentage: number;
  uploadedBytes: number;
  totalBytes: number;
  bytesPercentage: number;
}

export function storedBytes(plan: Plan, stored: Ranges): number {
  const full = count(stored) * plan.partSize;
  const last = plan.totalParts;
  return includes(stored, last) ? full - plan.partSize + partRange(plan, last).size : full;
}

export function progressOf(plan: Plan, stored: Ranges): Progress {
  const uploaded = count(stored);
  const uploadedBytes = storedBytes(plan, stored);
  const percentage = (uploaded / plan.totalParts) * 100;
  return {
    uploaded,
    total: plan.totalParts,
    percentage,
    uploadedBytes,
    totalBytes: plan.fileSize,
    bytesPercentage: plan.fileSize === 0 ? percentage : (uploadedBytes / plan.fileSize) * 100,
  };
}

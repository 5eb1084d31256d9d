import { UploadError } from './errors.ts';
import type { Profile } from './profile.ts';

/** How one file is cut: every part but the last has `partSize` bytes. */
export interface Plan {
  fileSize: number;
  partSize: number;
  totalParts: number;
}

/** One part's bytes in the file; `start` and `end` inclusive, `end` is `start - 1` for the one part of an empty file. */
export interface PartRange {
  partNumber: number;
  start: number;
  end: number;
  size: number;
}

const MiB = 2 ** 20;

/** The smallest whole MiB that the profile allows and that fits its part limit. */
export function smallestPartSize(fileSize: number, profile: Profile): number {
  const unit = Math.min(MiB, profile.smallestPart);
  const fitting = Math.ceil(Math.ceil(fileSize / profile.mostParts) / unit) * unit;
  return Math.max(profile.smallestPart, fitting);
}

/**
 * Cuts a file of `fileSize` bytes; `partSize` is the caller's wish in bytes.
 * Throws `FILE_TOO_LARGE` and, for a wish outside the profile's law, `INVALID_PART_SIZE`.
 */
export function planParts(fileSize: number, profile: Profile, partSize?: number): Plan {
  if (fileSize > profile.largestObject)
    throw new UploadError(
      'FILE_TOO_LARGE',
      `The file has ${fileSize} bytes; this store takes at most ${profile.largestObject}.`,
    );
  const size = partSize ?? smallestPartSize(fileSize, profile);
  const totalParts = Math.max(1, Math.ceil(fileSize / size));
  if (
    !Number.isSafeInteger(size) ||
    size < profile.smallestPart ||
    size > profile.largestPart ||
    totalParts > profile.mostParts
  )
    throw new UploadError(
      'INVALID_PART_SIZE',
      `partSize must be ${smallestPartSize(fileSize, profile)} to ${profile.largestPart} bytes for this file.`,
    );
  return { fileSize, partSize: size, totalParts };
}

/** The bytes of part `partNumber` (from 1). */
export function partRange(plan: Plan, partNumber: number): PartRange {
  const start = (partNumber - 1) * plan.partSize;
  const end = Math.min(start + plan.partSize, plan.fileSize) - 1;
  return { partNumber, start, end, size: end - start + 1 };
}

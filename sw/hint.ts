import { smallestPartSize } from '../server/contract/plan.ts';
import { GENERIC } from '../server/contract/profile.ts';
import type { Line } from './line.ts';

const MiB = 2 ** 20;
const LARGEST = 64 * MiB;
/** Of several at once, a part is on its way for about half a second: then little of it is spent on beginning and ending. */
const SECONDS = 0.1;
/** A file is sent in no fewer parts, so that its parts can go side by side and a loss is small beside it. */
const FEWEST = 10;
/** A part is no longer than this share of what the line carries between two losses. */
const SHARE = 0.25;

/**
 * The part size, in bytes, to wish for on a line of which `known` was seen: the smallest lawful one, larger only where the
 * line is fast and holds.
 */
export function partSizeFor(fileSize: number, { rate = 0, life = Number.POSITIVE_INFINITY }: Partial<Line>): number {
  const wished = Math.min(LARGEST, rate * SECONDS, life * SHARE, fileSize / FEWEST);
  return Math.max(smallestPartSize(fileSize, GENERIC), Math.floor(wished / MiB) * MiB);
}

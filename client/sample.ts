import { partRange } from '../server/contract/plan.ts';
import { digestOf } from '../sw/digest.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import { planOf } from '../sw/transit.ts';

/** Whether `file` is the one of `record`: by its size and by the first, middle and last of the parts whose digest is known. */
export async function isSameFile(store: Store, record: UploadRecord, file: File): Promise<boolean> {
  if (file.size !== record.size) return false;
  const known = (await store.parts(record)).filter((part) => part.digest !== undefined);
  const picked = new Set([known[0], known[known.length >> 1], known.at(-1)]);
  for (const part of picked) {
    if (!part) continue;
    const { start, end } = partRange(planOf(record), part.partNumber);
    if ((await digestOf(file.slice(start, end + 1))) !== part.digest) return false;
  }
  return true;
}

import { partRange } from '../server/contract/plan.ts';
import { digestOf } from '../sw/digest.ts';
import type { PartRecord, UploadRecord } from '../sw/record.ts';
import { planOf } from '../sw/transit.ts';
import { fingerprintOf } from './fingerprint.ts';

/** `unproven`: nothing that is known of it speaks against the file, and not enough for it. */
export type Verdict = 'same' | 'other' | 'unproven';

/**
 * Whether `file` is the one of `record`: by its size, its fingerprint, and the first, middle and last of the parts whose
 * digest is known. A store that encrypts has ETags that look like digests and are none: such a one can only speak for a file.
 */
export async function compare(record: UploadRecord, parts: PartRecord[], file: Blob): Promise<Verdict> {
  const { size, fingerprint } = record;
  if (file.size !== size || (fingerprint && (await fingerprintOf(file)) !== fingerprint)) return 'other';

  /** How many of those looked at are of this file. */
  async function agreeing(known: PartRecord[]): Promise<[agree: number, looked: number]> {
    const picked = new Set([known[0], known[known.length >> 1], known.at(-1)].filter((part) => part !== undefined));
    let agree = 0;
    for (const { partNumber, digest, told } of picked) {
      const { start, end } = partRange(planOf(record), partNumber);
      if ((await digestOf(file.slice(start, end + 1))) === (digest ?? told)) agree++;
    }
    return [agree, picked.size];
  }
  const own = await agreeing(parts.filter((part) => part.digest));
  if (own[0] < own[1]) return 'other';
  const vouched = fingerprint !== undefined || own[1] > 0;
  const told = await agreeing(parts.filter((part) => part.told && !part.digest));
  if (told[0] < told[1]) return told[0] || !vouched ? 'other' : 'unproven';
  return vouched || told[1] ? 'same' : 'unproven';
}

/** The part as the verdict has it: an ETag that has spoken for the file is its digest, another is nothing. */
export const enlightened = ({ told, ...part }: PartRecord, verdict: Verdict): PartRecord =>
  told && verdict === 'same' ? { digest: told, ...part } : part;

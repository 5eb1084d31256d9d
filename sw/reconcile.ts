import { storedBytes } from '../server/contract/progress.ts';
import { includes, type Ranges, rangesOf } from '../server/contract/ranges.ts';
import type { SignAnswer } from '../server/contract/wire.ts';
import type { PartRecord } from './record.ts';
import { planOf, type Transit } from './transit.ts';

/** Asks for the URLs of `parts`, reporting what has been stored since the last call. */
export function createSigner(transit: Transit) {
  const { board, record } = transit;
  const reported = new Set<number>();

  return async function sign(parts: PartRecord[], reconcile = false): Promise<SignAnswer> {
    const stored = reconcile ? [] : board.stored().filter((n) => !reported.has(n));
    const answer = await transit.call('sign', {
      resumeToken: record.resumeToken!,
      parts: parts.map(({ partNumber, digest }) => ({ partNumber, digest: digest! })),
      ...(stored.length && { stored }),
      ...(reconcile && { reconcile }),
    });
    if (reconcile) await takeOver(transit, answer.storedParts);
    else
      await adopt(
        transit,
        parts.filter((part) => includes(answer.storedParts, part.partNumber)),
      );
    for (const n of reconcile ? board.stored() : stored) reported.add(n);
    return answer;
  };
}

/** The store's word is the truth: what it has need not be sent, what it lacks must be sent again. */
async function takeOver(transit: Transit, ranges: Ranges): Promise<void> {
  const { board, record } = transit;
  const found: PartRecord[] = [];
  const lost: PartRecord[] = [];
  for (let partNumber = 1; partNumber <= record.totalParts; partNumber++) {
    const part = board.part(partNumber) ?? { partNumber, stored: false, sliced: false };
    const there = includes(ranges, partNumber);
    if (there && !part.stored) found.push(part);
    if (!there && part.stored) lost.push(part);
  }
  await adopt(transit, found);
  await loseParts(
    transit,
    lost.map((part) => part.partNumber),
  );
  tellStored(transit);
}

/** Tells the meter what the bucket has. */
export function tellStored({ board, meter, record }: Transit): void {
  const stored = board.stored();
  meter.stored(storedBytes(planOf(record), rangesOf(stored)), stored.length);
}

/** The store has these already. */
async function adopt({ host, board, record }: Transit, parts: PartRecord[]): Promise<void> {
  if (parts.length) await host.store.markStored(record, parts);
  for (const { partNumber } of parts) {
    board.arrive(partNumber);
    host.bus.post({ type: 'stored', id: record.id, partNumber });
  }
}

/** The store lacks these after all; their slices are gone, so the file is needed once more. */
export async function loseParts(transit: Transit, numbers: number[]): Promise<void> {
  const { host, board, record } = transit;
  for (const n of numbers) {
    const part = board.part(n);
    if (!part) continue;
    const slice = await host.store.slice(record, n);
    await host.store.putPart(record, { ...part, stored: false, sliced: slice !== undefined });
    board.lose(n);
  }
  if (!numbers.length) return;
  await host.store.change(record.id, () => ({ staged: false }));
  host.bus.post({ type: 'changed', id: record.id });
}

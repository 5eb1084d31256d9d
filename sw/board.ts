import type { PartRecord } from './record.ts';

/** Which parts of one upload wait, are on their way, or are stored. Pure bookkeeping. */
export interface Board {
  /** Takes in what is known of a part; one on its way or stored stays so. */
  learn(part: PartRecord): void;
  /** The same of what was read from disk, and so may be older than what was heard meanwhile: that stays. */
  recall(part: PartRecord): void;
  /** The lowest waiting part that `sendable` allows, now on its way. */
  take(sendable: (part: PartRecord) => boolean): PartRecord | undefined;
  /** It did not arrive: waits again. */
  giveBack(partNumber: number): void;
  arrive(partNumber: number): void;
  /** The store turned out to lack it. */
  lose(partNumber: number): void;
  /** The next waiting or travelling parts with a digest, from `from` on, at most `limit`. */
  window(from: number, limit: number): PartRecord[];
  readonly travelling: number;
  /** Every part is stored. */
  readonly finished: boolean;
  part(partNumber: number): PartRecord | undefined;
  stored(): number[];
  /** Digests of all parts in order; undefined where one is not known. */
  digests(): string[] | undefined;
}

export function createBoard(totalParts: number): Board {
  const parts = new Map<number, PartRecord>();
  const away = new Set<number>();
  let storedCount = 0;
  /** Every part below is stored. */
  let low = 1;

  const isStored = (n: number) => parts.get(n)?.stored === true;
  const advanceLow = () => {
    while (low <= totalParts && isStored(low)) low++;
  };

  function learn(part: PartRecord): void {
    if (isStored(part.partNumber)) return;
    parts.set(part.partNumber, part);
    if (part.stored) storedCount++;
    advanceLow();
  }

  return {
    learn,
    recall(part) {
      const heard = parts.get(part.partNumber);
      learn(heard ? { ...part, ...heard, stored: part.stored, sliced: part.sliced || heard.sliced } : part);
    },
    take(sendable) {
      for (let n = low; n <= totalParts; n++) {
        const part = parts.get(n);
        if (!part || part.stored || away.has(n) || !part.digest || !sendable(part)) continue;
        away.add(n);
        return part;
      }
      return undefined;
    },
    giveBack: (n) => void away.delete(n),
    arrive(n) {
      away.delete(n);
      if (isStored(n)) return;
      parts.set(n, { ...(parts.get(n) ?? { partNumber: n }), stored: true, sliced: false });
      storedCount++;
      advanceLow();
    },
    lose(n) {
      if (!isStored(n)) return;
      parts.set(n, { ...parts.get(n)!, stored: false, sliced: false });
      storedCount--;
      low = Math.min(low, n);
    },
    window(from, limit) {
      const found: PartRecord[] = [];
      for (let n = Math.max(low, from); n <= totalParts && found.length < limit; n++) {
        const part = parts.get(n);
        if (part?.digest && !part.stored) found.push(part);
      }
      return found;
    },
    get travelling() {
      return away.size;
    },
    get finished() {
      return storedCount === totalParts;
    },
    part: (n) => parts.get(n),
    stored: () => [...parts.values()].filter((part) => part.stored).map((part) => part.partNumber),
    digests() {
      const digests = Array.from({ length: totalParts }, (_, i) => parts.get(i + 1)?.digest);
      return digests.every((digest) => digest !== undefined) ? digests : undefined;
    },
  };
}

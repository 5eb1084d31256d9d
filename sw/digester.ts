import { digestOf } from './digest.ts';
import type { Transit } from './transit.ts';

/**
 * Digests what was written before it was digested, by a page that is gone or has lost its file. Resolves when no more is to
 * be expected.
 */
export async function digestSlices(transit: Transit): Promise<void> {
  const { host, board, record, signal } = transit;
  do {
    for (let n = 1; n <= record.totalParts && !host.file(record.id); n++) {
      const part = board.part(n);
      if (!part?.sliced || part.digest || part.stored) continue;
      const slice = await host.store.slice(record, n);
      // Gone, because the store turned out to have the part.
      if (!slice) continue;
      const digest = await digestOf(slice).catch(() => undefined);
      signal.throwIfAborted();
      if (board.part(n)?.stored) continue;
      const known = digest ? { ...part, digest } : { ...part, sliced: false };
      board.learn(known);
      if (digest) await host.store.stagePart(record, known);
      else {
        // The disk lost it.
        await host.store.putPart(record, known);
        await host.store.change(record.id, () => ({ staged: false }));
      }
      transit.stir();
    }
  } while (await transit.news());
}

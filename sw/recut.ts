import { partRange, planParts } from '../server/contract/plan.ts';
import { GENERIC } from '../server/contract/profile.ts';
import { planOf, type Transit } from './transit.ts';
import type { Outcome } from './upload.ts';

/**
 * Cuts the upload anew into parts of `partSize` bytes, because the store demands it. A page that has the file stages it
 * again; without the file the new slices are cut from the old ones, which go only when all the new ones are there.
 */
export async function recut(transit: Transit, partSize: number): Promise<Outcome> {
  const { host, record, signal } = transit;
  const profile = { ...GENERIC, smallestPart: 1 };
  const { totalParts } = planParts(record.size, profile, partSize);
  if (!host.file(record.id)) {
    if (!(await host.store.upload(record.id))?.staged) return 'starved';
    const slices = [];
    for (let n = 1; n <= record.totalParts; n++) {
      const slice = await host.store.slice(record, n);
      if (!slice) return 'starved';
      slices.push(slice);
    }
    const whole = new Blob(slices);
    const anew = { ...record, partSize, totalParts };
    for (let partNumber = 1; partNumber <= totalParts; partNumber++) {
      signal.throwIfAborted();
      const { start, end } = partRange(planOf(anew), partNumber);
      const slice = whole.slice(start, end + 1);
      await host.store.stagePart(anew, { partNumber, stored: false, sliced: true }, slice);
    }
  }
  const staged = !host.file(record.id);
  await host.store.change(record.id, () => ({ resumeToken: record.resumeToken!, partSize, totalParts, staged }));
  host.bus.post({ type: 'changed', id: record.id });
  await host.store.dropParts(record.id, record.partSize);
  return 'recut';
}

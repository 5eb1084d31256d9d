import type { UploadRecord } from './record.ts';

/** What the uploads of one device go by: the smallest file first, or as they were picked. */
export type Order = 'smallest' | 'picked';

export type Ranked = Pick<UploadRecord, 'order' | 'size' | 'addedAt' | 'id'>;

/** Compares two uploads: the one that goes first sorts first. Those of an app that changed its mind keep what they were picked under. */
export function byTurn(a: Ranked, b: Ranked): number {
  const rank = ({ order, size }: Ranked) => (order === 'picked' ? -1 : size);
  return rank(a) - rank(b) || a.addedAt - b.addedAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}

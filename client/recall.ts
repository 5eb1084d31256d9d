import type { Line } from '../sw/line.ts';

const KEY = 'partway:line';
const HOUR_MS = 3_600_000;
const MONTH_MS = 720 * HOUR_MS;

type Known = Pick<Line, 'rate' | 'life' | 'size'>;

/** What the last visit knew of the line; what was lost says nothing after an hour, and nothing is known after a month. */
export function recallLine(): Known | undefined {
  try {
    const { at, rate, life, size } = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const age = Date.now() - at;
    if (!(age < MONTH_MS && rate > 0 && size > 0)) return undefined;
    return { rate, size, ...(age < HOUR_MS && life !== null && { life }) };
  } catch {
    return undefined;
  }
}

/** Where the browser keeps nothing for this page, the next visit begins anew. */
export function keepLine({ rate, life, size }: Line): void {
  try {
    if (rate) localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), rate, life, size }));
  } catch {}
}

import type { Flow } from '../sw/flow.ts';
import { LINE, type Line, seen } from '../sw/line.ts';
import type { Store } from '../sw/store.ts';

const KEY = 'partway:line';
/** Milliseconds between two times that it is written down. */
const KEEP_MS = 2000;
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
function keep({ rate, life, size }: Line): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), rate, life, size }));
  } catch {}
}

/** Writes down what `flow` learns of the line: for the next visit, and in `store` for the worker, which has no other way to know. */
export function keepLine(flow: Flow, store: Store): void {
  let keptAt = Number.NEGATIVE_INFINITY;
  flow.watchRoom(() => {
    if (flow.line.rate === undefined || performance.now() - keptAt < KEEP_MS) return;
    keptAt = performance.now();
    keep(flow.line);
    store.keepNote(LINE, seen(flow.line)).catch(() => {});
  });
}

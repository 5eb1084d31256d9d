import type { Ranges } from '../contract/ranges.ts';

/** PostgreSQL's text of an `int4multirange`; its upper bounds are exclusive. */
export function toMultirange(ranges: Ranges): string {
  return `{${ranges.map(([from, to]) => `[${from},${to + 1})`).join(',')}}`;
}

export function fromMultirange(text: string): Ranges {
  return [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, until]) => [Number(from), Number(until) - 1]);
}

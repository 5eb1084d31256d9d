/** A set of part numbers as ascending, disjoint, non-adjacent ranges, both ends inclusive. */
export type Ranges = [from: number, to: number][];

/** The set of the given numbers, in any order, repeats allowed. */
export function rangesOf(numbers: Iterable<number>): Ranges {
  const ranges: Ranges = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && n <= last[1] + 1) last[1] = Math.max(last[1], n);
    else ranges.push([n, n]);
  }
  return ranges;
}

export function includes(ranges: Ranges, n: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle]!;
    if (n < from) high = middle - 1;
    else if (n > to) low = middle + 1;
    else return true;
  }
  return false;
}

export function count(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** The numbers of `1..total` that are not in `ranges`, ascending, at most `limit` of them. */
export function missing(ranges: Ranges, total: number, limit = Number.POSITIVE_INFINITY): number[] {
  const numbers: number[] = [];
  let next = 1;
  for (const [from, to] of [...ranges, [total + 1, total + 1]]) {
    for (; next < from! && next <= total; next++) {
      if (numbers.length >= limit) return numbers;
      numbers.push(next);
    }
    next = Math.max(next, to! + 1);
  }
  return numbers;
}

/** Ways to do the same, in alternating rounds of one run: on a machine that others use, only their ratios mean anything. */

export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

export const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

const spread = (numbers: number[], digits: number) =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`;

export type Ways<Name extends string> = Record<Name, () => Promise<unknown>>;

/** Milliseconds of the processor that this process has used: others on the machine do not count. */
export const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Microseconds for one call by `clock`, round by round; `calls` of each way in each round, `lanes` at a time. */
export async function alternate<Name extends string>(
  ways: Ways<Name>,
  {
    calls,
    lanes = 1,
    rounds = ROUNDS,
    clock = () => performance.now(),
  }: { calls: number; lanes?: number; rounds?: number; clock?: () => number },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  // The first round warms caches and connections up.
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const queue = Array.from({ length: calls }).values();
      const lane = async () => {
        for (const _ of queue) await ways[name]();
      };
      const startedAt = clock();
      await Promise.all(Array.from({ length: lanes }, lane));
      if (round) times[name].push(((clock() - startedAt) / calls) * 1000);
    }
  return times;
}

/** `of` over `by`, round by round. */
export const ratios = (of: number[], by: number[]): number[] => of.map((time, round) => time / by[round]!);

export const tell = (what: string, numbers: number[], unit: string, target = ''): void =>
  console.log(`| ${what} | ${spread(numbers, unit === '' ? 2 : 0)}${unit && ` ${unit}`} | ${target} |`);

/** Ways to do the same, in alternating rounds of one run: on a machine that others use, only their ratios mean anything. */

export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);

/** The number that `share` of them are not above. */
export const quantile = (numbers: number[], share: number): number =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]!;

export const median = (numbers: number[]): number => quantile(numbers, 0.5);

export const spread = (numbers: number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`;

export type Ways<Name extends string> = Record<Name, () => Promise<unknown>>;

/** Milliseconds of the processor that this process has used: others on the machine do not count. */
export const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** All calls of one way in one round. */
export interface Turn {
  /** Microseconds for one call by the clock. */
  cost: number;
  /** Milliseconds on the wall, call by call. */
  latencies: number[];
  /** Milliseconds on the wall for all of them. */
  took: number;
}

export interface Rules<Name> {
  /** Of each way in each round. */
  calls: number;
  /** So many at a time. */
  lanes?: number;
  rounds?: number;
  clock?: (name: Name) => number;
  /** What a turn leaves to be cleared up; on nobody's account. */
  after?: (name: Name) => Promise<unknown>;
}

/** Each way's turns, round by round. */
export async function takeTurns<Name extends string>(
  ways: Ways<Name>,
  { calls, lanes = 1, rounds = ROUNDS, clock = () => performance.now(), after }: Rules<Name>,
): Promise<Record<Name, Turn[]>> {
  const names = Object.keys(ways) as Name[];
  const turns = Object.fromEntries(names.map((name) => [name, [] as Turn[]])) as Record<Name, Turn[]>;
  // The first round warms caches and connections up.
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const latencies: number[] = [];
      const queue = Array.from({ length: calls }).values();
      const lane = async () => {
        for (const _ of queue) {
          const calledAt = performance.now();
          await ways[name]();
          latencies.push(performance.now() - calledAt);
        }
      };
      const [startedAt, begunAt] = [performance.now(), clock(name)];
      await Promise.all(Array.from({ length: lanes }, lane));
      const cost = ((clock(name) - begunAt) / calls) * 1000;
      if (round) turns[name].push({ cost, latencies, took: performance.now() - startedAt });
      await after?.(name);
    }
  return turns;
}

export const costs = (turns: Turn[]): number[] => turns.map(({ cost }) => cost);

/** Microseconds for one call by the clock, round by round. */
export async function alternate<Name extends string>(
  ways: Ways<Name>,
  rules: Rules<Name>,
): Promise<Record<Name, number[]>> {
  const turns = Object.entries<Turn[]>(await takeTurns(ways, rules));
  return Object.fromEntries(turns.map(([name, taken]) => [name, costs(taken)])) as Record<Name, number[]>;
}

/** `of` over `by`, round by round. */
export const ratios = (of: number[], by: number[]): number[] => of.map((time, round) => time / by[round]!);

export const tell = (what: string, numbers: number[], unit: string, target = ''): void =>
  console.log(`| ${what} | ${spread(numbers, unit === '' ? 2 : 0)}${unit && ` ${unit}`} | ${target} |`);

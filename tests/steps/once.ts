/** `partway-janitor --once`, in the runtime under test. */

import { runProgram } from '../program.ts';

export interface Round {
  code: number | null;
  output: string;
  /** What it says that it did, by name; those that are 0 are left out. */
  tally: Record<string, number>;
}

export async function runJanitor(env: Record<string, string>, args = ['--once']): Promise<Round> {
  const { code, output } = await runProgram('server/janitor.ts', args, env);
  const counts = [...output.matchAll(/\b([a-z]+) (\d+)(?:,|$)/gm)].map(
    ([, name, count]) => [name!, Number(count)] as const,
  );
  return { code, output, tally: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}

/** `partway-janitor --once`, in the runtime under test. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { commandFor, ROOT } from '../runtime.ts';
import { plainEnv } from '../server.ts';

export interface Round {
  code: number | null;
  output: string;
  /** What it says that it did, by name; those that are 0 are left out. */
  tally: Record<string, number>;
}

export async function runJanitor(env: Record<string, string>, args = ['--once']): Promise<Round> {
  const child = spawn(...commandFor(join(ROOT, 'server/janitor.ts'), args), {
    cwd: ROOT,
    env: plainEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  await once(child, 'close');
  const counts = [...output.matchAll(/\b([a-z]+) (\d+)(?:,|$)/gm)].map(
    ([, name, count]) => [name!, Number(count)] as const,
  );
  return { code: child.exitCode, output, tally: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}

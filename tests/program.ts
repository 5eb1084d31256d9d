/** A program of ours that ends by itself, in the runtime under test. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { commandFor, ROOT } from './runtime.ts';
import { plainEnv } from './server.ts';

const LIMIT_MS = 150_000;

/** Runs `path` to its end with no setting but `env`; `during` is called with the process's number as soon as it runs. */
export async function runProgram(
  path: string,
  args: string[],
  env: Record<string, string>,
  during?: (pid: number) => unknown,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(...commandFor(join(ROOT, path), args), {
    cwd: ROOT,
    env: plainEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  const ended = once(child, 'close');
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  await during?.(child.pid!);
  await ended;
  clearTimeout(limit);
  return { code: child.exitCode, output };
}

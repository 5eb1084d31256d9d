/** Programs as a person runs them in a folder. */

import { plainEnv } from '../server.ts';

const LIMIT_MS = 180_000;

export interface Ended {
  code: number | null;
  /** What it printed, standard error last. */
  output: string;
}

const read = (stream: ReadableStream) => new Response(stream).text();

/** Runs a program to its end, for three minutes at most. */
export async function run(cwd: string, command: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = Bun.spawn(command, {
    cwd,
    env: plainEnv({ NO_COLOR: '1', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  const [out, complaints] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  return { code: child.exitCode, output: out + complaints };
}

/** The same for what has to succeed; resolves to what it printed, rejects with it. */
export async function succeed(cwd: string, command: string[], env?: Record<string, string>): Promise<string> {
  const { code, output } = await run(cwd, command, env);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

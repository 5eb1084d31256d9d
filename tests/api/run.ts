/** The server's process as an operator sees it: what it prints, how it exits, what it leaves running. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../browser/processes.ts';
import { freePorts } from '../ports.ts';
import { commandFor, ROOT } from '../runtime.ts';
import { plainEnv } from '../server.ts';
import { makeFolder, removeFolder } from './serve.ts';

/** The postmaster that is recorded on `dataDir`, if it runs. */
export function postmasterOn(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres/data/postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return isAlive(pid) ? pid : undefined;
}

export interface Run {
  code: number | null;
  output: string;
  /** The embedded PostgreSQL that it left running. */
  left: number | undefined;
}

/** Starts a server that is to end by itself, or is made to by `during`; resolves when it has. */
export async function run(
  env: Record<string, string> = {},
  {
    args = ['--dev'],
    dataDir,
    during,
  }: { args?: string[]; dataDir?: string; during?: (pid: number, dataDir: string) => unknown } = {},
): Promise<Run> {
  const [port, bucketPort] = await freePorts(2);
  const folder = dataDir ?? makeFolder();
  const child = spawn(...commandFor('server/main.ts', args), {
    cwd: ROOT,
    env: plainEnv({ PORT: String(port), BUCKET_PORT: String(bucketPort), DATA_DIR: folder, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
      // It starts although it should not: the test need not wait for it.
      if (!during && /^Partway +http/m.test(output)) child.kill('SIGTERM');
    });
  const ended = once(child, 'close');
  const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await during?.(child.pid!, folder);
  await ended;
  clearTimeout(limit);
  const left = postmasterOn(folder);
  if (left) process.kill(left, 'SIGQUIT');
  while (left && isAlive(left)) await Bun.sleep(10);
  if (!dataDir) removeFolder(folder);
  return { code: child.exitCode, output, left };
}

/** The app in `app/` as its author has it: in a folder far from here, with the packed package installed by npm. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Runtime } from '../runtime.ts';
import { plainEnv } from '../server.ts';
import { run, succeed } from './command.ts';

const APP = join(ROOT, 'tests/package/app');
const BIN = join(ROOT, 'node_modules/.bin');
const LIMIT_MS = 60_000;
/** Node 24 before the machine's own. */
const PATH = `${BIN}:${process.env.PATH}`;

/** Why nothing can be installed here, or undefined. */
export async function registryFault(): Promise<string | undefined> {
  const command = ['npm', 'view', 'vite', 'version', '--fetch-retries=0', '--fetch-timeout=15000'];
  const { code, output } = await run('/', command);
  return code === 0 ? undefined : `npm's registry cannot be reached: ${/npm error (.*)/.exec(output)?.[1] ?? output}`;
}

export async function install(folder: string, tarball: string): Promise<void> {
  cpSync(APP, folder, { recursive: true });
  await succeed(folder, ['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', tarball], { PATH });
}

/** Runs one of the commands that are installed in the app, as `npx` does; resolves to what it printed. */
export const npx = (folder: string, command: string[], env: Record<string, string> = {}) =>
  succeed(folder, command, { ...env, PATH: `${join(folder, 'node_modules/.bin')}:${PATH}` });

/** The app's own server. */
export const SERVER: Record<Runtime, string[]> = {
  bun: [process.execPath, 'server.ts'],
  deno: [join(BIN, 'deno'), 'run', '--allow-all', 'server.ts'],
  node: [join(BIN, 'node'), 'server.ts'],
};
/** The server that the package brings. */
export const PARTWAY = [join(BIN, 'node'), 'node_modules/.bin/partway'];

/** Starts a server in the app's folder; resolves when it has told its address. */
export async function start(folder: string, command: string[], env: Record<string, string>) {
  const [program, ...args] = command;
  const child = spawn(program!, args, { cwd: folder, env: plainEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
      look();
    });
  child.once('close', look);
  const ended = () => child.exitCode !== null || child.signalCode !== null;

  /** Resolves when it has printed so many lines that match. */
  async function says(line: RegExp, lines = 1): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = () => reject(new Error(`${command.join(' ')} did not say ${line}:\n${output}`));
    const watcher = () => {
      if (output.split('\n').filter((text) => line.test(text)).length >= lines) resolve();
      else if (ended()) fail();
    };
    const limit = setTimeout(fail, LIMIT_MS);
    watchers.add(watcher);
    watcher();
    await promise.finally(() => {
      clearTimeout(limit);
      watchers.delete(watcher);
    });
  }
  await says(/http:/).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    says,
    output: () => output,
    /** Asks it to stop; resolves to its exit code, or to null where it had to be killed after 20 s. */
    async stop(): Promise<number | null> {
      if (!ended()) child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await closed;
      clearTimeout(limit);
      return child.exitCode;
    },
  };
}

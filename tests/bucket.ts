/** The embedded bucket as a process, in the runtime under test. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BucketOptions } from '../server/embedded/bucket/app.ts';
import { commandFor, ROOT } from './runtime.ts';

export interface BucketProcessOptions extends Omit<BucketOptions, 'clock' | 'origins'> {
  /** 0 takes any free one. */
  port: number;
  origins: string[];
}

export interface BucketProcess {
  port: number;
  /** The bucket takes this for the time from now on; nothing for the true one. */
  setTime(now?: Date): Promise<void>;
  /** Lets what is in flight finish. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Rejects with what the process said where it ends instead of listening. */
export async function startBucket(options: BucketProcessOptions): Promise<BucketProcess> {
  const entry = join(ROOT, 'tests/embedded/bucket/process.ts');
  const child = spawn(...commandFor(entry, [JSON.stringify(options)]), { cwd: ROOT });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const exited = once(child, 'close');
  const lines = createInterface(child.stdout);
  const heard = once(lines, 'line');
  await Promise.race([heard, exited]);
  if (child.exitCode !== null) throw new Error(complaint.trim());
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    port: Number((await heard)[0]),
    async setTime(now) {
      const told = once(lines, 'line');
      child.stdin.write(`${now?.toISOString() ?? ''}\n`);
      await told;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

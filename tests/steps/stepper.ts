/** Servers whose calls can be made to stand still at a step, in the runtime under test. See process.ts. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { commandFor, ROOT } from '../runtime.ts';
import { plainEnv } from '../server.ts';

export interface Stepper {
  url: string;
  /** Resolves when so many calls stand still. */
  standing(count: number): Promise<void>;
  kill(): Promise<void>;
}

export async function startStepper(env: Record<string, string>): Promise<Stepper> {
  const child = spawn(...commandFor(join(ROOT, 'tests/steps/process.ts')), {
    cwd: ROOT,
    env: plainEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const exited = once(child, 'close');
  const lines = createInterface(child.stdout);
  let stand = 0;
  const port = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    void exited.then(() => reject(new Error(complaint.trim())));
  });
  let arrived = () => {};
  lines.on('line', () => {
    stand++;
    arrived();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    standing: (count) =>
      new Promise((resolve) => {
        arrived = () => {
          if (stand >= count) resolve();
        };
        arrived();
      }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What a server seals in one runtime a server in another opens. */

import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { commandFor, ROOT, RUNTIMES, type Runtime } from '../runtime.ts';

const SESSION = '7a0f3b52-9d3f-4c53-8d0e-0f6f0f1f2a3b';
const OTHER = '7a0f3b52-9d3f-4c53-8d0e-0f6f0f1f2a3c';

const run = (runtime: Runtime, ...args: string[]): string => {
  const [program, all] = commandFor('tests/runtime/sealer.ts', args, runtime);
  return execFileSync(program, all, { cwd: ROOT, encoding: 'utf8' }).trim();
};

for (const [at, runtime] of RUNTIMES.entries()) {
  const next = RUNTIMES[(at + 1) % RUNTIMES.length]!;
  test(`credentials sealed on ${runtime} open on ${next}, for their session alone`, () => {
    const sealed = run(runtime, 'seal', SESSION, 'schlüssel');
    expect(run(next, 'unseal', SESSION, sealed)).toBe('schlüssel');
    expect(run(next, 'unseal', OTHER, sealed)).toBe('shut');
    const turned = Buffer.from(sealed, 'base64');
    turned[turned.length - 1]! ^= 1;
    expect(run(next, 'unseal', SESSION, turned.toString('base64'))).toBe('shut');
  }, 30_000);
}

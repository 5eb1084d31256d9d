/** Which JavaScript runtime runs what is under test; the tests themselves run in Bun. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const RUNTIMES = ['bun', 'deno', 'node'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** PARTWAY_RUNTIME, else Bun. */
export const RUNTIME = ((): Runtime => {
  const wanted = process.env.PARTWAY_RUNTIME ?? 'bun';
  const found = RUNTIMES.find((name) => name === wanted);
  if (!found) throw new Error(`PARTWAY_RUNTIME must be ${RUNTIMES.join(', ')}; it is "${wanted}".`);
  return found;
})();

/** What `deno task start` allows, and no more: what needs another permission fails here, too. */
function denoFlags(): string[] {
  const { tasks } = JSON.parse(readFileSync(`${ROOT}deno.json`, 'utf8')) as { tasks: { start: string } };
  return tasks.start.split(' ').filter((word) => /^--(allow|deny|no)-/.test(word));
}

/** Program and arguments that run `file` in `runtime`, which is given `more` flags. */
export function commandFor(
  file: string,
  args: string[] = [],
  runtime: Runtime = RUNTIME,
  more: string[] = [],
): [string, string[]] {
  const flags = { bun: [], deno: ['run', `--config=${ROOT}deno.json`, ...denoFlags()], node: [] }[runtime];
  const program = runtime === 'bun' ? process.execPath : `${ROOT}node_modules/.bin/${runtime}`;
  return [program, [...flags, ...more, file, ...args]];
}

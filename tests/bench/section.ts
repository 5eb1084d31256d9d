/** The places in RESULTS.md that a command fills: between `<!-- name -->` and `<!-- /name -->`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { ROOT } from '../runtime.ts';

/** Where the results stand, and their charts. */
export const HOME = `${ROOT}tests/bench`;
const RESULTS = `${HOME}/RESULTS.md`;

/** The page with `body` in the section `name`; as it is where it has no such section. */
export function withSection(page: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) return page;
  return `${page.slice(0, from + begin.length)}\n${body.trim()}\n\n${page.slice(to)}`;
}

/** Puts `body` into the section `name` of the results, below the command that it comes from. */
export function publish(name: string, command: string, body: string): void {
  const load = loadavg().map((figure) => figure.toFixed(0));
  const origin = `\`${command}\`; ${cpus().length} cores, load averages at the end ${load.join(', ')}.`;
  writeFileSync(RESULTS, withSection(readFileSync(RESULTS, 'utf8'), name, `${origin}\n\n${body}`));
  Bun.spawnSync([`${ROOT}node_modules/.bin/biome`, 'format', '--write', RESULTS]);
}

/** As it was called, with the settings of the environment before it. */
export function commandOf(script: string, words: string[] = []): string {
  const settings = Object.entries(process.env).filter(([name]) => /^BENCH_(?!CHARTS)/.test(name));
  return [...settings.map((setting) => setting.join('=')), `npm run ${script}`, ...words].join(' ');
}

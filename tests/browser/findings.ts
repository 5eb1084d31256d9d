/**
 * What the browser suites found out, told in one line each, and the README's table of them:
 * `bun test tests/browser | bun tests/browser/findings.ts` takes the lines of a run into `findings.json` and the README.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Browser } from './browser.ts';

const FILE = new URL('findings.json', import.meta.url);
const README = new URL('../../README.md', import.meta.url);
const MARK = 'finding: ';

/** What happens, by engine; an engine's own name holds the version that was measured. */
export interface Findings {
  engines: Record<string, string>;
  rows: Record<string, Record<string, string>>;
}

interface Finding {
  browser: string;
  what: string;
  outcome: string;
}

const NOT_MEASURED = 'not measured';
/** Columns, with those that nothing here can drive. */
const ENGINES = ['Chromium', 'Firefox', 'WebKitGTK'];
const ELSEWHERE = ['Chrome for Android', 'iOS Safari'];

/** Said by more than one suite. */
export const CLOSED = [
  'the browser lets the page store nothing',
  'uploads while the page is open, and says so',
] as const;

/** One line for the table; to be called when everything that it says has been seen. */
export function finding({ name }: Browser, what: string, outcome: string): void {
  const told: Finding = { browser: name, what, outcome };
  console.log(`${MARK}${JSON.stringify(told)}`);
}

export const readFindings = (): Findings => JSON.parse(readFileSync(FILE, 'utf8'));

/** What the lines of a run add to what was known. */
export function withLines(known: Findings, lines: string): Findings {
  const { engines, rows } = structuredClone(known);
  for (const line of lines.split('\n')) {
    const at = line.indexOf(MARK);
    if (at < 0) continue;
    const { browser, what, outcome }: Finding = JSON.parse(line.slice(at + MARK.length));
    const engine = browser.replace(/ [\d.]+$/, '');
    engines[engine] = browser;
    rows[what] = { ...rows[what], [engine]: outcome };
  }
  return { engines, rows };
}

/** As Markdown. */
export function tableOf({ engines, rows }: Findings): string {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const heads = ENGINES.map((engine) => (engines[engine] ? `${engines[engine]} on Linux` : engine));
  const head = ['what happens', ...heads, ...ELSEWHERE];
  const body = Object.entries(rows).map(([what, outcomes]) =>
    row([what, ...ENGINES.map((engine) => outcomes[engine] ?? NOT_MEASURED), ...ELSEWHERE.map(() => NOT_MEASURED)]),
  );
  return [row(head), row(head.map(() => '---')), ...body].join('\n');
}

if (import.meta.main) {
  const now = withLines(readFindings(), await Bun.stdin.text());
  const readme = readFileSync(README, 'utf8');
  const table = /^\| what happens \| Chromium.*\n(?:\|.*\n)+/m;
  if (!table.test(readme)) throw new Error('no table of browsers in README.md');
  writeFileSync(FILE, `${JSON.stringify(now, undefined, 2)}\n`);
  writeFileSync(
    README,
    readme.replace(table, () => `${tableOf(now)}\n`),
  );
}

import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode } from '../../server/contract/errors.ts';
import { REMEDIES } from '../../server/docs/remedies.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');

test('the README’s snippets are the files of the app that the tests build and use', () => {
  for (const file of ['server.ts', 'sw.ts', 'vite.config.ts', 'main.ts', 'index.html'])
    expect(readme).toContain(read(`tests/package/app/${file}`).trim());
});

test('the README tells every error code with its status, and no other', () => {
  const rows = [...readme.matchAll(/^\| (`[A-Z0-9_]+`(?: `[A-Z0-9_]+`)*) \| ([\d, ]+) \|/gm)];
  const told = rows.flatMap(([, codes, statuses]) => codes!.match(/[A-Z0-9_]+/g)!.map((code) => [code, statuses]));
  expect(told.map(([code]) => code).sort()).toEqual(Object.keys(ERRORS).sort());
  for (const [code, statuses] of told)
    expect([code, statuses]).toEqual([code, expect.stringContaining(String(ERRORS[code as keyof typeof ERRORS]))]);
});

test('the README tells what to do about each error as the reference does', () => {
  const rows = [...readme.matchAll(/^\| (`[A-Z_]+`(?: `[A-Z_]+`)*) \| [\d, ]+ \| (.+) \|$/gm)];
  const told = rows.flatMap(([, codes, remedy]) => codes!.match(/[A-Z_]+/g)!.map((code) => [code, remedy]));
  expect(told.length).toBeGreaterThan(30);
  for (const [code, remedy] of told) expect([code, remedy]).toEqual([code, REMEDIES[code as ErrorCode][0]]);
});

test('the README tells every variable that the server reads', () => {
  const names = [...read('server/config/config.ts').matchAll(/'([A-Z][A-Z0-9]*_[A-Z0-9_]+|PORT|HOST)'/g)].map(
    ([, name]) => name!,
  );
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !/_$/.test(name) && !readme.includes(name))).toEqual([]);
});

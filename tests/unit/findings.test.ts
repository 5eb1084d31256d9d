import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { readFindings, tableOf, withLines } from '../browser/findings.ts';

test('the README’s table of browsers is what the browser tests found', () => {
  const findings = readFindings();
  expect(Object.keys(findings.engines).sort()).toEqual(['Chromium', 'Firefox', 'WebKitGTK']);
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(tableOf(findings));
});

test('a run’s lines replace what was known of the same browser, and leave the others alone', () => {
  const line = (browser: string, outcome: string) =>
    `(pass) x\nfinding: ${JSON.stringify({ browser, what: 'a file is picked', outcome })}\n`;
  const before = withLines({ engines: {}, rows: {} }, line('Firefox 1', 'late') + line('Chromium 2', 'soon'));
  const after = withLines(before, line('Firefox 3', 'early'));
  expect(after).toEqual({
    engines: { Firefox: 'Firefox 3', Chromium: 'Chromium 2' },
    rows: { 'a file is picked': { Firefox: 'early', Chromium: 'soon' } },
  });
  expect(tableOf(after).split('\n')).toEqual([
    '| what happens | Chromium 2 on Linux | Firefox 3 on Linux | WebKitGTK | Chrome for Android | iOS Safari |',
    '| --- | --- | --- | --- | --- | --- |',
    '| a file is picked | soon | early | not measured | not measured | not measured |',
  ]);
});

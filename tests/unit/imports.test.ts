import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';

const SERVER = new URL('../../server/', import.meta.url);
const transpiler = new Bun.Transpiler({ loader: 'ts' });

/** Everything that is loaded with `entry`, types apart; what is imported only when it is needed is not. */
function loadedWith(entry: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(entry.href)) return seen;
  seen.add(entry.href);
  for (const { path, kind } of transpiler.scanImports(readFileSync(entry, 'utf8'))) {
    if (kind !== 'import-statement') continue;
    if (path.startsWith('.')) loadedWith(new URL(path, entry), seen);
    else seen.add(path);
  }
  return seen;
}

test('an app that embeds the server loads neither the embedded database and bucket nor the demo page', () => {
  const loaded = [...loadedWith(new URL('index.ts', SERVER))];
  expect(loaded).toContain(new URL('session/complete.ts', SERVER).href);
  expect(loaded.filter((name) => /embedded|esbuild|client\//.test(name.replace(SERVER.href, '')))).toEqual([]);
});

test('the contract that the browser shares has no dependency at all', () => {
  const names = ['errors', 'plan', 'profile', 'progress', 'ranges', 'wire'];
  for (const name of names)
    for (const path of loadedWith(new URL(`contract/${name}.ts`, SERVER)))
      expect(path).toStartWith(new URL('contract/', SERVER).href);
});

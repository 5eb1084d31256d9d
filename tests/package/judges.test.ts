/** The package before it goes to a registry, as the judges of packages see it. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../runtime.ts';
import { run, succeed } from './command.ts';
import { pack } from './tarball.ts';

setDefaultTimeout(180_000);

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'partway-package-'));
  tarball = await pack(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);
const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

test('it holds the build, all migrations and the README, and nothing else', async () => {
  const files = (await succeed(folder, ['tar', '-tf', tarball])).trim().split('\n');
  const migrations = readdirSync(join(ROOT, 'migrations')).map((name) => `package/dist/migrations/${name}`);
  expect(files).toEqual(expect.arrayContaining(migrations));
  const allowed = /^package\/(package\.json|README\.md|dist\/(worker\.js|(client|server|sw)\/.*\.(js|js\.map|d\.ts))$)/;
  expect(files.filter((file) => !allowed.test(file) && !migrations.includes(file))).toEqual([]);
  expect(files.filter((file) => /demo|test/.test(file))).toEqual([]);
});

test('what its modules import is what it depends on', async () => {
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  await succeed(folder, ['tar', '-xf', tarball, '-C', unpacked]);
  const { metafile } = await build({
    absWorkingDir: join(unpacked, 'package/dist'),
    entryPoints: [
      'server/main.js',
      'server/doctor.js',
      'server/keys.js',
      'server/index.js',
      'client/element/global.js',
      'sw/index.js',
    ],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    outdir: '.',
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const packages = imports.map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]);
  const imported = new Set(packages.filter((name) => !name.startsWith('node:')));
  // Only for the demo page of `--dev`, and only when it is asked for.
  imported.delete('esbuild');
  expect([...imported].sort()).toEqual(Object.keys(json('package.json').dependencies).sort());
});

test('publint finds nothing', async () => {
  const { code, output } = await run(folder, [bin('publint'), 'run', tarball, '--strict']);
  expect(output).toEndWith('All good!\n');
  expect(code).toBe(0);
});

test('the types are right for bundlers and for Node (arethetypeswrong)', async () => {
  const { code, output } = await run(folder, [bin('attw'), tarball, '--profile', 'esm-only']);
  expect(output).toContain('"partway/element"');
  expect([code, output]).toEqual([0, expect.not.stringContaining('❌')]);
});

test('deno publish would take it, with types that need no inference', async () => {
  const { code, output } = await run(ROOT, [bin('deno'), 'publish', '--dry-run', '--allow-dirty']);
  expect(output).toContain('Checking for slow types');
  expect([code, output]).toEqual([0, expect.not.stringMatching(/^(warning|error)\b/im)]);
});

test('npm and JSR get the same version and the same entries', () => {
  const [npm, jsr] = [json('package.json'), json('deno.json')];
  expect(jsr.version).toBe(npm.version);
  expect(jsr.license).toBe(npm.license);
  expect([...Object.keys(jsr.exports), './package.json'].sort()).toEqual(Object.keys(npm.exports).sort());
});

/** A small app, as its author writes it: it installs the packed package, is bundled, and uploads. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { storeEnv } from '../api/place.ts';
import { makeFolder, removeFolder, serveDatabase, type TestDatabase } from '../api/serve.ts';
import { launchChrome } from '../browser/chrome.ts';
import { findChrome } from '../browser/executable.ts';
import type { Page } from '../browser/page.ts';
import { type Digests, randomFile } from '../bytes.ts';
import { startProxy } from '../faults/proxy.ts';
import { freePort } from '../ports.ts';
import { ROOT, type Runtime } from '../runtime.ts';
import { embeddedStore, keysIn, makeBucket, objectDigests, type TestStore } from '../store.ts';
import { succeed } from './command.ts';
import { install, npx, PARTWAY, registryFault, SERVER, start } from './fixture.ts';
import { pack } from './tarball.ts';

setDefaultTimeout(180_000);
const MiB = 2 ** 20;
const FAST = 64 * MiB;
/** Bytes a second: the worker's file would take twenty seconds. */
const SLOW = MiB;
const SECRET = 'a secret of the app, which no other one knows';

const fault = findChrome() ? await registryFault() : 'there is no Chromium';
if (fault) console.log(`The package's app is skipped: ${fault}`);

/** Picks a file with the control that `expression` finds. */
async function pick(page: Page, expression: string, file: string): Promise<void> {
  const { result } = await page.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
  await page.send('DOM.setFileInputFiles', { files: [file], objectId: result.objectId });
}
const ELEMENT = `document.querySelector('partway-upload')`;
const CHOOSER = `${ELEMENT}.shadowRoot.querySelector('input[type=file]')`;

describe.skipIf(fault !== undefined)('an app that installs the package', () => {
  let folder: string;
  let database: TestDatabase;
  let store: TestStore;
  let began: number;
  const say = (line: string) => {
    const now = performance.now();
    console.log(`  ${((now - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
    began = now;
  };

  beforeAll(async () => {
    began = performance.now();
    folder = makeFolder();
    const tarball = await pack(folder);
    say(`packed ${tarball.split('/').at(-1)}: ${Math.round(Bun.file(tarball).size / 1024)} KiB`);
    await install(folder, tarball);
    say(`npm install`);
    [database, store] = await Promise.all([serveDatabase(), embeddedStore()]);
  });
  afterAll(async () => {
    await database?.stop();
    await store?.stop();
    if (folder) removeFolder(folder);
  });

  test('passes TypeScript, strict and with every declaration checked, as a bundler and as Node resolve it', async () => {
    const tsc = [join(ROOT, 'node_modules/.bin/tsc'), '-p', folder];
    await succeed(folder, tsc);
    await succeed(folder, [...tsc, '--module', 'nodenext', '--moduleResolution', 'nodenext']);
    say('tsc, by bundler and nodenext');
  });

  test('makes a key for its user, and runs the server without one of its own', async () => {
    const output = await npx(folder, ['partway-keys', 'create', '--user', 'alice'], { DATABASE_URL: database.url });
    const [key, ...more] = output.trim().split('\n');
    expect(more).toEqual([expect.stringMatching(/^id [\w-]+$/)]);
    const port = await freePort();
    const server = await start(folder, PARTWAY, settings(port, 'unused'));
    try {
      const url = `http://127.0.0.1:${port}/api/v1/upload/multipart`;
      expect(await (await fetch(url, { headers: { 'x-api-key': key! } })).json()).toMatchObject({ success: true });
      expect((await fetch(url, { headers: { 'x-api-key': `${key}x` } })).status).toBe(401);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  });

  const settings = (port: number, bucket: string, endpoint = store.endpoint) => ({
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: database.url,
    PARTWAY_SECRET: SECRET,
    LOG_LEVEL: 'error',
    // What an app before has uploaded is behind a wire that is gone.
    JANITOR_SECONDS: '0',
    ...storeEnv(store, bucket, endpoint),
  });

  /** Opens the app's page, uploads by the element, by the client, and by the worker when the tab is gone. */
  async function uploads(name: string, runtime: Runtime): Promise<void> {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const bucket = `app-${name}`;
    await makeBucket(store, bucket, [origin]);
    const target = { host: '127.0.0.1', port: Number(new URL(store.endpoint).port) };
    const wire = await startProxy({ target, bytesPerSecond: FAST });
    const app = await start(folder, SERVER[runtime], settings(port, bucket, wire.url));
    const chrome = await launchChrome();
    try {
      const file = (by: string, size: number) => randomFile(join(folder, `${name} ${by}.bin`), size);
      const files = [await file('element', 3 * MiB), await file('client', 13 * MiB), await file('worker', 23 * MiB)];
      const [first, second, third] = files.map(({ path }) => path);
      const page = await chrome.open(origin);

      await pick(page, CHOOSER, first!);
      await page.waitFor(`${ELEMENT}.uploads[0]?.state === 'done'`, { limit: 60_000 });
      await pick(page, `document.querySelector('input')`, second!);
      await page.waitFor(`document.querySelector('output').value.startsWith('Arrived: ')`, { limit: 60_000 });
      wire.set({ bytesPerSecond: SLOW });
      await pick(page, CHOOSER, third!);
      await page.waitFor(`${ELEMENT}.uploads.some(({ safeToClose }) => safeToClose)`, { limit: 60_000 });
      expect(page.console.filter((line) => !line.endsWith('/favicon.ico'))).toEqual([]);
      await page.close();
      expect(await keysIn(store, bucket)).toHaveLength(2);
      wire.set({ bytesPerSecond: FAST });
      await app.says(/^alice has uploaded /, 3);

      const stored = await Promise.all(
        (await keysIn(store, bucket)).map((object) => objectDigests(store, bucket, object)),
      );
      const sums = (list: Digests[]) => list.map(({ sha256 }) => sha256).sort();
      expect(sums(stored)).toEqual(sums(files));
      await chrome.close();
      expect(await app.stop()).toBe(0);
      expect(app.output().split('\n').length).toBe(5);
      say(`${name}, served by ${runtime}: 3 MiB by the element, 13 by the client, 23 by the worker: arrived`);
    } finally {
      await chrome.close();
      await app.stop();
      await wire.stop();
    }
  }

  test('bundled by Vite and served by Node, it uploads', async () => {
    await npx(folder, ['npm', 'run', 'build']);
    await uploads('vite', 'node');
  });

  test('bundled and served by Bun, it uploads', async () => {
    rmSync(join(folder, 'dist'), { recursive: true });
    await succeed(folder, [process.execPath, 'build', 'index.html', 'sw.ts', '--outdir', 'dist', '--minify']);
    await uploads('bun', 'bun');
  });

  test('with the ready-made worker, served by Deno, it uploads', async () => {
    await npx(folder, ['vite', 'build']);
    copyFileSync(join(folder, 'node_modules/partway/dist/worker.js'), join(folder, 'dist/sw.js'));
    await uploads('ready', 'deno');
  });
});

/** The browser harness itself: what the suites above it take for granted. Every fact is seen from the server's side. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFile } from '../bytes.ts';
import { type Chrome, type LaunchOptions, launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import { startSite } from './site.ts';

const LIMIT = 30_000;
const registerSync = `navigator.serviceWorker.ready.then((ready) => ready.sync.register('tag'))`;
const controlled = 'navigator.serviceWorker.controller !== null';

describe.skipIf(!findChrome())('Chromium by raw CDP', () => {
  let folder: string;
  let site: ReturnType<typeof startSite>;
  const browsers: Chrome[] = [];

  async function launch(options: LaunchOptions = {}): Promise<Chrome> {
    const chrome = await launchChrome(options);
    browsers.push(chrome);
    return chrome;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'partway-test-'));
  });
  afterEach(async () => {
    await Promise.all(browsers.splice(0).map((chrome) => chrome.close()));
    await site?.stop();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function visit(chrome: Chrome) {
    site = startSite();
    const page = await chrome.open(site.url);
    await page.waitFor(controlled);
    return page;
  }

  test('a page reads the bytes of a picked file, is clicked, and complains in words', async () => {
    const file = await randomFile(join(folder, 'picked.bin'), 300_001);
    const page = await visit(await launch());

    await page.setFiles('input', [file.path]);
    const sha256 = await page.evaluate(`(async () => {
      const bytes = await document.querySelector('input').files[0].arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
    })()`);
    expect(sha256).toBe(file.sha256);

    await page.click('button');
    expect(await page.waitFor('window.clicks')).toBe(1);

    await expect(page.evaluate(`Promise.reject(new TypeError('no such thing'))`)).rejects.toThrow('no such thing');
    await page.evaluate(`console.warn('mind', 1)`);
    await expect(page.waitFor('window.never ?? 7 < 3', { limit: 50 })).rejects.toThrow(
      /last value: false\n.*warning: mind 1/s,
    );
  });

  test('a tab closed or crashed is gone for the server, too', async () => {
    const chrome = await launch();
    const page = await visit(chrome);
    expect((await chrome.pages()).map(({ id }) => id)).toContain(page.id);
    await page.close();
    expect((await chrome.pages()).map(({ id }) => id)).not.toContain(page.id);
    await site.seen('POST /hidden');

    const doomed = await chrome.open(site.url);
    await doomed.evaluate(`void fetch('/hang')`);
    await site.seen('GET /hang');
    await doomed.crash();
    await site.seen('lost /hang');
  });

  test(
    'a sync refused while the tab was open is tried again after it is closed',
    async () => {
      const page = await visit(await launch({ shortSync: { initialRetrySeconds: 1 } }));
      site.refuseSync(true);
      await page.evaluate(registerSync);
      await site.seen('POST /sync 503');
      await page.close();
      site.refuseSync(false);
      await site.seen('POST /sync 200');
    },
    LIMIT,
  );

  test(
    'a pending sync outlives SIGKILL and comes with only about:blank open',
    async () => {
      const profile = join(folder, 'killed');
      const first = await launch({ profile, shortSync: true });
      const page = await visit(first);
      site.refuseSync(true);
      await page.evaluate(registerSync);
      await site.seen('POST /sync 503');
      await first.kill();
      site.refuseSync(false);

      const second = await launch({ profile, shortSync: true });
      await site.seen('POST /sync 200');
      expect((await second.pages()).map(({ url }) => url)).toEqual(['about:blank']);
    },
    LIMIT,
  );

  for (const worker of ['running', 'stopped']) {
    test(
      `off the network nothing passes and a sync waits, also with the worker ${worker}; on it again it comes at once and may not last`,
      async () => {
        // Were the sync not held back, it would fail off the network and come again only after these 300 s.
        const chrome = await launch({ shortSync: { initialRetrySeconds: 300, eventSeconds: 1 } });
        const page = await visit(chrome);
        if (worker === 'stopped') {
          await page.send('ServiceWorker.enable');
          await page.send('ServiceWorker.stopAllWorkers');
        }
        await chrome.offline(true);
        expect(await page.evaluate('navigator.onLine')).toBe(false);
        expect(await page.evaluate(`fetch('/page').then(() => 'passed', () => 'failed')`)).toBe('failed');
        expect(await page.evaluate(`askWorkerToFetch()`)).toBe('failed');
        await page.evaluate(registerSync);
        await page.close();
        site.hangSync(true);

        await chrome.offline(false);
        await site.seen('POST /sync hangs');
        // Somebody attached to the worker would keep it alive beyond its limit.
        await site.seen('lost /sync');
      },
      LIMIT,
    );
  }
});

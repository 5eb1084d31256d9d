import { afterAll, beforeAll, describe, expect } from 'bun:test';
import { embeddedStore, type TestStore } from '../store.ts';
import type { Browser, Tab } from './browser.ts';
import { begin, everywhere } from './everywhere.ts';
import { findFirefox } from './executable.ts';
import { CLOSED, finding } from './findings.ts';
import { launchFirefox } from './firefox.ts';
import {
  expectArrived,
  expectNothingStoredSentAgain,
  inside,
  openPage,
  pick,
  type Stage,
  settled,
  state,
} from './stage.ts';
import { onStages } from './staged.ts';

const LIMIT = 180_000;

/** The row says what Firefox can promise. */
const kept = (page: Tab) =>
  page.waitFor(`${inside('.note-text')}?.textContent === 'Goes on at your next visit'`, {
    what: 'the row to say that it goes on at the next visit',
  });

describe.skipIf(!findFirefox())('Firefox', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await embeddedStore();
  }, LIMIT);
  afterAll(() => store?.stop());

  const staged = onStages(() => store, undefined, LIMIT, launchFirefox);

  everywhere(staged, kept);

  staged(
    'after the last tab is closed nothing more is sent, and the next visit goes on without a pick',
    async (stage) => {
      const page = await begin(stage, kept, 0.3);
      expect(await page.evaluate(`'SyncManager' in window`)).toBe(false);
      expect(await page.evaluate(`${inside('.background')}.textContent`)).toContain('go on at your next visit');
      await page.close();
      const goneAt = performance.now();
      await settled(stage);
      expect(stage.wire.bytesBegunSince(goneAt)).toBe(0);
      const next = await openPage(stage);
      await state(next, 'done');
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
      finding(stage.chrome, 'the last tab is closed', 'rests, and goes on at the next visit');
    },
  );

  staged('the browser is killed and started again, and the page goes on without a pick', async (stage) => {
    await begin(stage, kept, 0.3);
    await stage.chrome.kill();
    await settled(stage);
    stage.chrome = await stage.launch();
    const next = await openPage(stage);
    await state(next, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'the browser is killed and started again', 'goes on at the next visit');
  });

  const withPrefs = (prefs: Record<string, unknown>) =>
    onStages(
      () => store,
      () => ({ fileSize: 24 * 2 ** 20 }),
      LIMIT,
      (options) => launchFirefox({ ...options, prefs }),
    );
  async function openBare({ chrome, url }: Stage<Browser>): Promise<Tab> {
    const page = await chrome.open(url);
    await page.waitFor(`${inside('.background')}?.textContent`, { what: 'the page to be ready' });
    return page;
  }

  // 2 blocks all cookies, and with them every other storage.
  withPrefs({ 'network.cookie.cookieBehavior': 2 })(
    'where the browser lets the page store nothing, it uploads while the tab is open, and says so',
    async (stage) => {
      const page = await openBare(stage);
      expect(await page.evaluate(`${inside('.background')}.textContent`)).toContain('stop when this tab is closed');
      await pick(page, stage.file.path);
      await state(page, 'done');
      await expectArrived(stage);
      finding(stage.chrome, ...CLOSED);
    },
  );

  withPrefs({ 'browser.privatebrowsing.autostart': true })(
    'in a private window, it goes on after a reload',
    async (stage) => {
      const page = await openBare(stage);
      await pick(page, stage.file.path);
      await page.waitFor(`${inside('.note-text')}?.textContent?.includes('next visit')`);
      await page.reload();
      await state(page, 'done');
      await expectArrived(stage);
      finding(stage.chrome, 'a private window', 'goes on after a reload, until the window is closed');
    },
  );
});

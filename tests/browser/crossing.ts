import { afterAll, beforeAll, describe, expect } from 'bun:test';
import { join } from 'node:path';
import type { TestStore } from '../store.ts';
import { begin as beginWhen, everywhere } from './everywhere.ts';
import { findChrome } from './executable.ts';
import { finding } from './findings.ts';
import {
  completed,
  expectArrived,
  expectNothingStoredSentAgain,
  inside,
  openPage,
  pick,
  report,
  type Stage,
  safe,
} from './stage.ts';
import { onStages } from './staged.ts';

const LIMIT = 180_000;
/** Of the file's bytes, those that must have been sent by requests begun after the tab was gone. */
const SHARE_AFTER = 0.6;

/** The crossing, over one kind of store; skipped where that or a browser is missing. */
export function crossing(name: string, start: () => Promise<TestStore>, installed = true): void {
  describe.skipIf(!installed || !findChrome())(`the crossing into ${name}`, () => {
    let store: TestStore;
    beforeAll(async () => {
      store = await start();
    }, LIMIT);
    afterAll(() => store?.stop());

    const staged = onStages(() => store, undefined, LIMIT);
    /** Picks the file and waits until the tab may go, with a good part of the way still ahead. */
    const begin = (stage: Stage, share?: number) => beginWhen(stage, safe, share);
    async function expectCarriedOn(stage: Stage, what: string, goneAt: number, share = SHARE_AFTER) {
      await completed(stage);
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
      report(stage, what, goneAt);
      expect(stage.wire.bytesBegunSince(goneAt)).toBeGreaterThan(stage.file.size * share);
    }

    everywhere(staged, safe);

    staged('the last tab is closed in mid-upload and the file arrives with no tab open', async (stage) => {
      const page = await begin(stage);
      await page.close();
      const goneAt = performance.now();
      await expectCarriedOn(stage, 'tab closed', goneAt);
      expect((await stage.chrome.pages()).every(({ url }) => url === 'about:blank')).toBe(true);
      finding(stage.chrome, 'the last tab is closed', 'the worker goes on with it');
    });

    staged(
      'the renderer crashes in mid-upload and the file arrives',
      async (stage) => {
        const page = await begin(stage);
        await page.crash();
        await expectCarriedOn(stage, 'renderer crashed', performance.now());
      },
      // On a loaded machine the browser may begin a new worker in the process that just died: then it is its next attempt.
      { chrome: { shortSync: true } },
    );

    staged('the tab is frozen in mid-upload and the worker carries on', async (stage) => {
      const page = await begin(stage);
      await page.freeze();
      await expectCarriedOn(stage, 'tab frozen', performance.now());
    });

    staged('the browser is killed and restarted with nothing but about:blank, and the file arrives', async (stage) => {
      await begin(stage, 0.5);
      await stage.chrome.kill();
      const goneAt = performance.now();
      stage.chrome = await stage.launch();
      await expectCarriedOn(stage, 'browser killed', goneAt, 0.3);
      finding(stage.chrome, 'the browser is killed and started again', 'goes on by itself, whatever page is opened');
    });

    staged(
      'a file picked offline arrives after the tab is closed and the network is back',
      async (stage) => {
        const page = await openPage(stage);
        await stage.chrome.offline(true);
        await pick(page, stage.file.path);
        await safe(page);
        await page.close();
        expect(stage.wire.puts()).toHaveLength(0);
        const goneAt = performance.now();
        await stage.chrome.offline(false);
        await expectCarriedOn(stage, 'picked offline, tab closed', goneAt);
        finding(stage.chrome, 'picked offline, the tab closed, the network back', 'the worker begins it');
      },
      // More parts than are digested ahead of the first that is stored.
      { fileSize: 128 * 2 ** 20, bytesPerSecond: 16 * 2 ** 20 },
    );

    staged('without the worker’s sync listener nothing is sent after the tab is closed', async (stage) => {
      stage.web.answer(({ path }) => path === '/sw.js', {
        status: 200,
        headers: { 'content-type': 'text/javascript' },
        body: '// a worker that listens to nothing',
      });
      const page = await begin(stage);
      await page.close();
      const goneAt = performance.now();
      await stage.wire.waitFor(() => stage.wire.puts().every(({ finishedAt, brokenAt }) => finishedAt ?? brokenAt), {
        what: 'every connection to end',
      });
      expect(stage.wire.bytesBegunSince(goneAt)).toBe(0);
      await page.detach().catch(() => {});
    });

    staged('a screenshot in mid-upload shows the row', async (stage) => {
      const page = await begin(stage);
      const folder = process.env.PARTWAY_SHOTS;
      if (folder)
        for (const dark of [false, true])
          await page.screenshot(join(folder, `mid-upload-${dark ? 'dark' : 'light'}.png`), {
            width: 390,
            height: 700,
            dark,
          });
      expect(await page.evaluate(`${inside('.row')}.innerText`)).toContain('Safe to close this tab');
    });
  });
}

import { describe, expect, setDefaultTimeout } from 'bun:test';
import { randomFile } from '../bytes.ts';
import { attachWorker, begin, openApp, startClient, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { completed, expectArrived, type Stage, sent, settled } from './stage.ts';
import { onApps } from './staged.ts';
import { watchSyncs } from './syncs.ts';

setDefaultTimeout(120_000);

describe.skipIf(!findChrome())('the network that is used', () => {
  const { here, staged } = onApps();
  /** The person saves data, or does so no longer. The browser says nothing of a change that DevTools make. */
  async function save(page: Page, dataSaverEnabled: boolean): Promise<void> {
    await page.send('Emulation.setDataSaverOverride', { dataSaverEnabled });
    await page.waitFor(`navigator.connection.saveData === ${dataSaverEnabled}`);
    await page.evaluate(`void navigator.connection.dispatchEvent(new Event('change'))`);
  }

  staged(
    'is none that costs where the person wants it so, and they may change their mind on the way',
    async (stage) => {
      const page = await openApp(here.app, stage, 'onlyUnmetered: true,');
      await save(page, true);
      await begin(page, stage);
      await uploadIs(page, 'waiting');
      expect(await page.evaluate('({ ...upload.error })')).toMatchObject({ code: 'METERED_CONNECTION', goesOn: true });
      expect(stage.wire.puts()).toHaveLength(0);
      await save(page, false);
      await sent(stage, 0.2);
      await save(page, true);
      await uploadIs(page, 'waiting');
      await settled(stage);
      const begun = stage.wire.puts().length;
      expect(begun).toBeLessThan(20);
      await page.evaluate('client.setOnlyUnmetered(false)');
      await uploadIs(page, 'done');
      await expectArrived(stage);
      expect(stage.wire.puts().length).toBeGreaterThan(begun);
    },
  );

  /** The worker sees what the browser would tell it of a person who saves data. */
  async function toldByWorker(stage: Stage) {
    const worker = await attachWorker(stage);
    return async (dataSaverEnabled: boolean) => {
      await worker('Emulation.setDataSaverOverride', { dataSaverEnabled });
      await worker('Runtime.evaluate', { expression: `void navigator.connection.dispatchEvent(new Event('change'))` });
    };
  }
  /** Leaves an upload, of which nothing has gone up, to a worker that saves data; resolves to what changes that. */
  async function leaveSaving(stage: Stage) {
    const page = await openApp(here.app, stage, 'onlyUnmetered: true,');
    const release = stage.wire.hold(({ method }) => method === 'PUT');
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    const saveInWorker = await toldByWorker(stage);
    await saveInWorker(true);
    await page.close();
    release();
    return saveInWorker;
  }

  staged(
    'is none that costs with no tab open either: the worker leaves it alone, and goes on by itself on one that does not',
    async (stage) => {
      const { events, until } = await watchSyncs(stage.chrome);
      const saveInWorker = await leaveSaving(stage);
      const goneAt = performance.now();
      const given = () => events.filter(({ how }) => how === 'failed').map(({ tag }) => tag);
      await until(() => new Set(given()).size > 1);
      const before = events.length;
      // Fired again, they find nothing else.
      await until(() => given().length >= 3 * new Set(given()).size);
      expect(events.slice(before).filter(({ how }) => how === 'completed')).toEqual([]);
      expect(stage.wire.bytesBegunSince(goneAt)).toBe(0);
      expect(stage.web.requests.filter(({ startedAt }) => startedAt > goneAt)).toEqual([]);
      await saveInWorker(false);
      await completed(stage);
      await expectArrived(stage);
    },
    { chrome: { shortSync: { initialRetrySeconds: 2, retryFactor: 1, attempts: 40, eventSeconds: 60 } } },
  );

  staged('is not asked for again and again while some other tab of the site is open', async (stage) => {
    const { events, until } = await watchSyncs(stage.chrome);
    const bare = await stage.chrome.open(`${here.app.origin}/nothing`);
    const saveInWorker = await leaveSaving(stage);
    // The worker has the lock no more.
    await bare.waitFor(`navigator.locks.query().then(({ held }) => held.length === 0)`);
    const fired = () => events.filter(({ how }) => how === 'Dispatched').length;
    // Nothing tells that nothing happens.
    await Promise.race([until(() => fired() > 30), Bun.sleep(2000)]);
    expect(fired()).toBeLessThan(30);
    await saveInWorker(false);
    await completed(stage);
    await expectArrived(stage);
  });

  /** The file that is picked waits, for days; resolves when another has got through and it has, too. */
  async function expectRoused(stage: Stage, goDown: () => Promise<unknown>, comeBack: () => Promise<unknown>) {
    const page = await stage.chrome.open(`${here.app.origin}/`);
    await page.evaluate('void (Math.random = () => 1e6)');
    await startClient(page, stage);
    const small = await randomFile(`${stage.folder}/small.bin`, 1000);
    await Promise.all([goDown(), begin(page, stage)]);
    await uploadIs(page, 'waiting');
    await comeBack();
    await page.evaluate('void (globalThis.first = upload)');
    await begin(page, { file: small });
    await page.evaluate('Promise.all([upload, first]).then(() => {})');
    const digests = (await stage.objects()).map(({ sha256 }) => sha256).sort();
    expect(digests).toEqual([stage.file.sha256, small.sha256].sort());
  }

  staged('has what waited for the server go as soon as one part got through', async (stage) =>
    expectRoused(
      stage,
      () => stage.web.down(),
      () => stage.web.up(),
    ),
  );

  staged('has every part that waited for the bucket go as soon as one got through', async (stage) => {
    const release = stage.wire.hold(({ method }) => method === 'PUT');
    const torn = async () => {
      await stage.wire.waitFor(() => stage.wire.puts().some(({ held }) => held));
      await stage.wire.down();
      release();
    };
    await expectRoused(stage, torn, () => stage.wire.up());
  });
});

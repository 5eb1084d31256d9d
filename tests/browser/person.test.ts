import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomFile } from '../bytes.ts';
import { keysIn, uploadsIn } from '../store.ts';
import { begin, openApp, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import { onInsecureOrigin } from './insecure.ts';
import type { Page } from './page.ts';
import { expectArrived, expectNothingStoredSentAgain, sent, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

const picked = async (page: Page, ...paths: string[]) => {
  await page.setFiles('input', paths);
  await page.evaluate(
    `void (globalThis.picked = [...document.querySelector('input').files].map((file) => client.resumableUpload(file)))`,
  );
};
/** A disk without room for slices: nothing of the file outlives the tab. */
const NO_ROOM = `void (IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
  apply(put, store, [value, key]) {
    if (value instanceof Blob) throw new DOMException('no room', 'QuotaExceededError');
    return Reflect.apply(put, store, key === undefined ? [value] : [value, key]);
  },
}))`;
const names = (list: string) => `${list}.map(({ name }) => name)`;
const SURVIVORS = `client.survivors().then((s) => Object.fromEntries(Object.entries(s).map(([kind, list]) => [kind, ${names('list')}])))`;

describe.skipIf(!findChrome())('for the person', () => {
  const { here, staged } = onApps();

  staged('pause, resume and pause in one go is a pause, here and on the server', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.3);
    await page.evaluate('Promise.all([upload.pause(), upload.resume(), upload.pause()])');
    expect(await page.evaluate('upload.state')).toBe('paused');
    await settled(stage);
    const before = stage.wire.puts().length;
    await page.reload();
    const again = await openApp(here.app, stage);
    await page.close();
    expect(await again.evaluate('upload.state')).toBe('paused');
    expect(stage.wire.puts().length).toBe(before);
    await again.evaluate('upload.resume()');
    await uploadIs(again, 'done');
    await expectArrived(stage);
  });

  staged('whoever cancels when the object is there already is told that it arrived', async (stage) => {
    const page = await openApp(here.app, stage);
    const other = await openApp(here.app, stage);
    const release = stage.wire.hold(
      ({ method, query }) => method === 'POST' && query.startsWith('uploadId='),
      'response',
    );
    await begin(page, stage);
    await page.evaluate(
      `void (globalThis.told = [], upload.addEventListener('change', () => told.push(upload.state)))`,
    );
    await stage.wire.waitFor(() => stage.wire.requests.some(({ method, held }) => method === 'POST' && held), {
      limit: 60_000,
    });
    await page.evaluate('upload.cancel()');
    await stage.web.waitFor(() =>
      stage.web.requests.some(({ path, status }) => path.endsWith('/abort') && status === 409),
    );
    release();
    await uploadIs(page, 'done');
    expect(await page.evaluate('upload.done.then(({ fileKey }) => fileKey)')).toBe(
      (await keysIn(here.store, stage.bucket))[0],
    );
    expect(await page.evaluate(`told.includes('cancelled')`)).toBe(false);
    await other.waitFor(`list.length === 1 && list[0].state === 'done'`);
    expect(await page.evaluate('client.history().then((all) => all.map(({ outcome }) => outcome))')).toEqual(['done']);
    await expectArrived(stage);
  });

  staged('what was taken up by its token can be cancelled while there is no network, and is, later', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.3);
    await page.waitFor('upload.resumeToken');
    const token = await page.evaluate<string>('upload.resumeToken');
    const other = await openApp(here.app, stage, `owner: 'bert',`);
    await page.evaluate('upload.pause()');
    await settled(stage);
    await stage.chrome.offline(true);
    stage.web.cut();
    await other.evaluate(`void (globalThis.upload = client.resumeUpload('${token}'))`);
    await uploadIs(other, 'waiting');
    await other.evaluate('upload.cancel()');
    expect(await other.evaluate('upload.state')).toBe('cancelled');
    expect(await other.evaluate('outcome(upload.done)')).toMatchObject({ error: { code: 'UPLOAD_ABORTED' } });
    await stage.chrome.offline(false);
    await stage.wire.waitFor(() =>
      stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
    );
    expect(await uploadsIn(here.store, stage.bucket)).toEqual([]);
  });

  staged(
    'at the next visit they are told what goes on, what rests, what needs them and what is lost, and later what became of it',
    async (stage) => {
      const page = await openApp(here.app, stage);
      const files = [];
      for (const name of ['needed', 'lost', 'resting', 'going'])
        files.push((await randomFile(`${stage.folder}/${name}`, 12 * MiB)).path);
      expect(await page.evaluate(SURVIVORS)).toEqual({ goesOn: [], paused: [], needsYou: [], lost: [] });
      const release = stage.wire.hold(({ method }) => method === 'PUT');
      // The others lie whole on this device before the disk is full.
      await picked(page, ...files.slice(1));
      await page.waitFor('picked.every(({ record, resumeToken }) => record.staged && resumeToken)', { limit: 60_000 });
      await page.evaluate('picked[1].pause()');
      await page.evaluate(NO_ROOM);
      await page.evaluate('globalThis.staged = picked');
      await picked(page, files[0]!);
      await page.waitFor('picked[0].resumeToken');
      const token = await page.evaluate<string>('staged[0].resumeToken');
      await stage.chrome.kill();
      stage.chrome = await stage.launch();
      await fetch(`${stage.url}api/v1/upload/multipart/abort`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resumeToken: token }),
      });
      const next = await openApp(here.app, stage);
      await next.waitFor(`${SURVIVORS}.then(({ lost }) => lost.length)`);
      expect(await next.evaluate(SURVIVORS)).toEqual({
        goesOn: ['going'],
        paused: ['resting'],
        needsYou: ['needed'],
        lost: ['lost'],
      });
      expect(await next.evaluate('client.survivors().then(({ lost }) => lost[0].error.code)')).toBe('UPLOAD_ABORTED');
      release();
      await next.waitFor(`${SURVIVORS}.then(({ goesOn }) => goesOn.length === 0)`, { limit: 60_000 });
      await next.evaluate(`list.find(({ name }) => name === 'needed').cancel()`);
      const told =
        'client.history().then((all) => all.map(({ name, outcome, code }) => [name, outcome, code ?? null]))';
      await next.waitFor(`${told}.then((all) => all.length === 3)`);
      const history = await next.evaluate<[string, string, string | null][]>(told);
      expect(history.sort()).toEqual([
        ['going', 'done', null],
        ['lost', 'failed', 'UPLOAD_ABORTED'],
        ['needed', 'cancelled', null],
      ]);
      // What was told of once as lost is no news at the visit after, at the latest.
      await next.reload();
      const third = await openApp(here.app, stage);
      await next.close();
      await third.reload();
      const fourth = await openApp(here.app, stage);
      expect(await fourth.evaluate(SURVIVORS)).toEqual({ goesOn: [], paused: ['resting'], needsYou: [], lost: [] });
      await fourth.evaluate('client.signOut()');
      expect(await fourth.evaluate('indexedDB.databases()')).toEqual([]);
      expect(await fourth.evaluate('localStorage.length')).toBe(0);
    },
  );

  staged('one file that the bucket refuses for ever keeps none of the nine others from arriving', async (stage) => {
    const page = await openApp(here.app, stage);
    const files = [];
    for (let n = 0; n < 10; n++)
      files.push(await randomFile(`${stage.folder}/${n}.bin`, n === 3 ? 8 * MiB : (n + 1) * 100_000));
    // The second part of the one that has two.
    stage.wire.answer(({ method, query }) => method === 'PUT' && query.includes('partNumber=2'), {
      status: 403,
      headers: { 'access-control-allow-origin': '*' },
      body: '<Error><Code>AccessDenied</Code></Error>',
    });
    await picked(page, ...files.map(({ path }) => path));
    await page.waitFor(`picked.filter(({ state }) => state === 'done').length === 9`, { limit: 60_000 });
    expect(await page.evaluate('picked[3].state')).not.toBe('done');
    const arrived = (await stage.objects()).map((object) => object.sha256).sort();
    expect(arrived).toEqual(
      files
        .filter((_, n) => n !== 3)
        .map((file) => file.sha256)
        .sort(),
    );
  });

  staged(
    'progress never runs back, over failed parts, a reload and the worker’s turn, nor is it ever 100 % before the end',
    async (stage) => {
      const watch = `void (globalThis.told ??= [], upload.addEventListener('change', () => told.push([upload.progress.uploadedBytes, upload.progress.percentage, upload.state])))`;
      const seen: [number, number, string][] = [];
      const look = async (page: Page) => {
        seen.push(...(await page.evaluate<typeof seen>('told')));
      };
      const page = await openApp(here.app, stage);
      await begin(page, stage);
      await page.evaluate(watch);
      await sent(stage, 0.3);
      stage.wire.cut();
      await sent(stage, 0.5);
      await page.waitFor('upload.safeToClose');
      await look(page);
      const last = await page.evaluate<number>('upload.progress.uploadedBytes');
      await page.reload();
      const again = await openApp(here.app, stage);
      seen.push(await again.evaluate('[upload.progress.uploadedBytes, upload.progress.percentage, upload.state]'));
      expect(seen.at(-1)![0]).toBeGreaterThanOrEqual(last);
      await again.evaluate(watch);
      await page.close();
      await again.waitFor('upload.safeToClose');
      await look(again);
      const parts = await again.evaluate<number>('upload.progress.uploaded');
      await again.close();
      await stage.wire.waitFor(() => stage.wire.puts().filter(({ status }) => status === 200).length > parts);
      const third = await openApp(here.app, stage);
      seen.push(await third.evaluate('[upload.progress.uploadedBytes, upload.progress.percentage, upload.state]'));
      await third.evaluate(watch);
      await uploadIs(third, 'done');
      await look(third);
      const bytes = seen.map(([sent]) => sent);
      expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
      expect(seen.filter(([, percentage, state]) => (percentage === 100) !== (state === 'done'))).toEqual([]);
      expect(seen.at(-1)![1]).toBe(100);
      await expectArrived(stage);
    },
    { fileSize: 48 * MiB },
  );

  staged('the file picked again goes on where the store’s ETags look like digests and are none', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.5);
    await page.waitFor('upload.progress.uploaded >= 1');
    const token = await page.evaluate<string>('upload.resumeToken');
    await page.evaluate('upload.pause()');
    await settled(stage);
    const other = await openApp(here.app, stage, `owner: 'bert',`);
    // As a bucket that encrypts names its parts.
    await other.evaluate(`void (globalThis.fetch = new Proxy(fetch, {
      async apply(fetch, self, args) {
        const response = await Reflect.apply(fetch, self, args);
        if (!String(args[0]).endsWith('/resume')) return response;
        const answer = await response.json();
        return Response.json({ ...answer, uploadedParts: answer.uploadedParts.map((part) => ({ ...part, etag: 'e'.repeat(32) })) });
      },
    }))`);
    const wrong = await randomFile(`${stage.folder}/wrong.bin`, stage.file.size);
    await other.setFiles('input', [wrong.path]);
    expect(
      await other.evaluate(
        `outcome((globalThis.upload = client.resumeUpload('${token}')).attach(document.querySelector('input').files[0]))`,
      ),
    ).toMatchObject({ error: { code: 'FILE_MISMATCH' } });
    await other.setFiles('input', [stage.file.path]);
    await other.evaluate(`upload.attach(document.querySelector('input').files[0])`);
    await uploadIs(other, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  });

  test('on an insecure origin the second tab knows that the first one is at it, and what is so when that is closed', () =>
    onInsecureOrigin(here, async (stage, open) => {
      const page = await open();
      await begin(page, stage);
      await page.waitFor('upload.progress.uploaded >= 1', { limit: 60_000 });
      stage.wire.set({ bytesPerSecond: MiB / 2 });
      const other = await open();
      await uploadIs(other, 'uploading');
      await page.close();
      await other.evaluate(`void dispatchEvent(new Event('focus'))`);
      await uploadIs(other, 'needs-file');
      stage.wire.set({ bytesPerSecond: 100 * MiB });
      await begin(other, stage);
      await uploadIs(other, 'done');
      await expectArrived(stage);
    }));
});

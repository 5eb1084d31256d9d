import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomFile } from '../bytes.ts';
import { keysIn, partsIn, uploadsIn } from '../store.ts';
import { begin, openApp, uploadIs } from './app.ts';
import { launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import { onInsecureOrigin } from './insecure.ts';
import { expectArrived, expectNothingStoredSentAgain, partOf, sent, setStage, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

describe.skipIf(!findChrome())('the SDK', () => {
  const { here, staged } = onApps();

  staged(
    'tells of every part once, of progress that never runs back, and awaiting the upload gives the address',
    async (stage) => {
      const page = await openApp(here.app, stage);
      await page.evaluate('void Object.assign(globalThis, { told: [], parts: [] })');
      await begin(
        page,
        stage,
        `{ metadata: { album: 'été' }, concurrency: 2, onProgress: (p) => told.push({ ...p, state: upload.state }), onPartComplete: (p) => parts.push(p) }`,
      );
      const { url } = await page.evaluate<{ url: string }>('upload');
      await expectArrived(stage);
      expect(url).toContain((await keysIn(here.store, stage.bucket))[0]!);
      const parts = await page.evaluate<{ partNumber: number; size: number; resumeToken: string }[]>('parts');
      expect(parts.map(({ partNumber, size }) => [partNumber, size]).sort()).toEqual(
        [1, 2, 3, 4, 5].map((n) => [n, n === 5 ? 4 * MiB : 5 * MiB]),
      );
      expect(parts[0]!.resumeToken).toStartWith('mpu_');
      const told = await page.evaluate<Record<string, number>[]>('told');
      const numbers = told.map(({ uploadedBytes }) => uploadedBytes!);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(told.filter(({ percentage, state }) => percentage === 100 && String(state) !== 'done')).toEqual([]);
      expect(told.at(-1)).toMatchObject({
        uploaded: 5,
        total: 5,
        percentage: 100,
        uploadedBytes: stage.file.size,
        totalBytes: stage.file.size,
      });
      expect(told.some(({ bytesPerSecond, secondsLeft }) => bytesPerSecond! > 0 && secondsLeft! > 0)).toBe(true);
    },
  );

  staged(
    'rests when paused from another tab, over a reload too, and goes on when resumed, sending nothing twice',
    async (stage) => {
      const page = await openApp(here.app, stage);
      const other = await openApp(here.app, stage);
      await begin(page, stage);
      await sent(stage, 0.3);
      await other.waitFor('list.length');
      await other.evaluate('list[0].pause()');
      await uploadIs(page, 'paused');
      await settled(stage);
      await stage.wire.waitFor(() => stage.wire.puts().length > 0);
      await page.reload();
      await other.close();
      const again = await openApp(here.app, stage);
      await page.close();
      await uploadIs(again, 'paused');
      const before = stage.wire.puts().length;
      const asked = await again.evaluate(
        `fetch('${stage.url}api/v1/upload/multipart/progress', { headers: { 'x-resume-token': upload.resumeToken } }).then((r) => r.json())`,
      );
      expect(asked).toMatchObject({ success: true, status: 'paused' });
      expect(stage.wire.puts().length).toBe(before);
      await again.evaluate('upload.resume()');
      await uploadIs(again, 'done');
      expect(await again.evaluate('client.uploads().then((all) => all.length)')).toBe(1);
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
  );

  staged('a paused upload stays so when the tab is closed', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await page.evaluate('upload.pause()');
    await settled(stage);
    const before = stage.wire.puts().length;
    await page.close();
    const next = await openApp(here.app, stage);
    await uploadIs(next, 'paused');
    expect(stage.wire.puts().length).toBe(before);
    await next.evaluate('upload.resume()');
    await uploadIs(next, 'done');
    await expectArrived(stage);
  });

  staged('is cancelled by the caller’s signal, and says so to whoever awaits it', async (stage) => {
    const page = await openApp(here.app, stage);
    await page.evaluate('void (globalThis.stop = new AbortController())');
    await begin(page, stage, '{ signal: stop.signal }');
    await sent(stage, 0.3);
    expect(await page.evaluate('stop.abort(), outcome(upload.done)')).toMatchObject({
      error: { code: 'UPLOAD_ABORTED', goesOn: false },
    });
    await stage.wire.waitFor(() =>
      stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
    );
    expect(await uploadsIn(here.store, stage.bucket)).toEqual([]);
    await page.waitFor('client.uploads().then((all) => all.length === 0)');
  });

  staged(
    'goes on on another device by the resume token, where the file is the same, and sends only what is missing',
    async (stage) => {
      const page = await openApp(here.app, stage);
      await begin(page, stage);
      await sent(stage, 0.5);
      await page.waitFor('upload.progress.uploaded >= 1');
      const token = await page.evaluate<string>('upload.resumeToken');
      await stage.chrome.kill();
      await settled(stage);
      const stored = new Set(await partsIn(here.store, stage.bucket));
      expect(stored.size).toBeGreaterThan(0);
      const mark = stage.wire.requests.length;
      const other = await launchChrome();
      try {
        const elsewhere = await openApp(here.app, stage, '', other);
        const wrong = await randomFile(`${stage.folder}/wrong.bin`, stage.file.size);
        await elsewhere.setFiles('input', [wrong.path]);
        const refused = await elsewhere.evaluate(
          `outcome((globalThis.upload = client.resumeUpload('${token}')).attach(document.querySelector('input').files[0]))`,
        );
        expect(refused).toMatchObject({ error: { code: 'FILE_MISMATCH' } });
        await uploadIs(elsewhere, 'needs-file');
        expect(await elsewhere.evaluate('[upload.name, upload.size, upload.error.remedy]')).toEqual([
          'holiday film.bin',
          stage.file.size,
          'Pick the file again.',
        ]);
        await elsewhere.setFiles('input', [stage.file.path]);
        await elsewhere.evaluate(`upload.attach(document.querySelector('input').files[0])`);
        await uploadIs(elsewhere, 'done');
        await expectArrived(stage);
        const sentLater = stage.wire.requests.slice(mark).filter(({ method }) => method === 'PUT');
        expect(sentLater.filter((put) => stored.has(partOf(put)))).toEqual([]);
        const { url } = await elsewhere.evaluate<{ url: string }>(`client.resumeUpload('${token}')`);
        expect(url).toContain((await keysIn(here.store, stage.bucket))[0]!);
        expect(await elsewhere.evaluate(`outcome(client.resumeUpload('mpu_unknown').done)`)).toMatchObject({
          error: { code: 'UPLOAD_NOT_FOUND', goesOn: false },
        });
      } finally {
        await other.close();
      }
    },
  );

  staged('says why it failed and what can be done, and is begun anew by retry', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.3);
    const [id] = await uploadsIn(here.store, stage.bucket);
    await page.evaluate(
      `fetch('${stage.url}api/v1/upload/multipart/abort', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resumeToken: upload.resumeToken }) })`,
    );
    await uploadIs(page, 'failed');
    expect(await page.evaluate('({ ...upload.error, message: upload.error.message })')).toMatchObject({
      code: 'UPLOAD_ABORTED',
      goesOn: false,
      remedy: 'Begin it anew.',
    });
    expect(await page.evaluate('outcome(upload.done)')).toMatchObject({ error: { code: 'UPLOAD_ABORTED' } });
    const refused = stage.web.requests.filter(({ path, status }) => path.endsWith('/sign') && status === 400);
    expect(refused.length).toBeLessThanOrEqual(6);
    await page.evaluate('upload.retry()');
    await page.evaluate('upload.done');
    await expectArrived(stage);
    expect(await uploadsIn(here.store, stage.bucket)).not.toContain(id);
  });

  staged('says that it goes on by itself while the network is away', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.3);
    await stage.chrome.offline(true);
    stage.wire.cut();
    await uploadIs(page, 'waiting');
    expect(await page.evaluate('({ ...upload.error })')).toMatchObject({
      code: 'NO_CONNECTION',
      goesOn: true,
      remedy: 'Nothing: it goes on by itself.',
    });
    await stage.chrome.offline(false);
    await uploadIs(page, 'done');
    expect(await page.evaluate('upload.error === undefined')).toBe(true);
    await expectArrived(stage);
  });

  test('says that the bucket does not let this page in, where its CORS rules are missing', async () => {
    const stage = await setStage(here.store, { fileSize: MiB, env: { ALLOWED_ORIGINS: here.app.origin } });
    try {
      const page = await openApp(here.app, stage);
      await begin(page, stage);
      await uploadIs(page, 'waiting');
      expect(await page.evaluate('({ ...upload.error })')).toMatchObject({ code: 'BUCKET_UNREACHABLE', goesOn: true });
    } finally {
      await stage.stop();
    }
  });

  staged(
    'signing out ends everything in every tab, erases it, and frees the bucket; the next person sees nothing',
    async (stage) => {
      const page = await openApp(here.app, stage);
      const other = await openApp(here.app, stage);
      await begin(page, stage);
      await sent(stage, 0.3);
      await other.waitFor('list.length');
      await page.evaluate('client.signOut()');
      for (const tab of [page, other]) await tab.waitFor(`list.every((upload) => upload.state === 'cancelled')`);
      expect(await page.evaluate('outcome(upload.done)')).toMatchObject({ error: { code: 'SIGNED_OUT' } });
      await stage.wire.waitFor(() =>
        stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
      );
      expect(await uploadsIn(here.store, stage.bucket)).toEqual([]);
      expect(await page.evaluate('indexedDB.databases()')).toEqual([]);
      await settled(stage);
      const before = stage.wire.puts().length;
      for (const tab of [page, other]) await tab.close();
      const next = await openApp(here.app, stage, `owner: 'bert',`);
      expect(await next.evaluate('list.length')).toBe(0);
      expect(stage.wire.puts().length).toBe(before);
    },
  );

  staged(
    'an app’s own credentials are asked for when they are needed, and a missing one is told to the person',
    async (stage) => {
      const page = await openApp(
        here.app,
        stage,
        `apiKey: undefined, headers: async () => new Headers(globalThis.signedIn ? { 'X-API-Key': 'dev' } : {}),`,
      );
      await begin(page, stage);
      await page.waitFor(`upload.error?.code === 'UNAUTHENTICATED'`);
      expect(await page.evaluate('upload.state')).toBe('waiting');
      expect(await page.evaluate('[upload.error.goesOn, upload.error.remedy]')).toEqual([
        false,
        'Sign in again; then it goes on by itself.',
      ]);
      await page.evaluate(`globalThis.signedIn = true, dispatchEvent(new Event('focus'))`);
      await uploadIs(page, 'done');
      await expectArrived(stage);
    },
  );

  test('on an insecure origin it uploads while the page is open, says what closing it means, and goes on with the file picked again', () =>
    onInsecureOrigin(here, async (stage, open) => {
      const page = await open();
      expect(await page.evaluate('[isSecureContext, client.background]')).toEqual([false, 'stops']);
      await begin(page, stage);
      await page.waitFor('upload.progress.uploaded >= 2', { limit: 60_000 });
      expect(await page.evaluate('upload.safeToClose')).toBe(false);
      await page.reload();
      const again = await open();
      await page.close();
      await uploadIs(again, 'needs-file');
      await begin(again, stage);
      await uploadIs(again, 'done');
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    }));
});

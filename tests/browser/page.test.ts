import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test';
import { type Digests, randomFile } from '../bytes.ts';
import { embeddedStore, keysIn, type TestStore, uploadsIn } from '../store.ts';
import { findChrome } from './executable.ts';
import { completed, expectArrived, inside, openPage, pick, safe, sent, state } from './stage.ts';
import { onStages } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

describe.skipIf(!findChrome())('the page', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await embeddedStore();
  });
  afterAll(() => store?.stop());

  const staged = onStages(
    () => store,
    () => ({ fileSize: 24 * MiB }),
  );

  staged('shows the row of an earlier visit, and takes it away when it is cleared', async (stage) => {
    const first = await openPage(stage);
    await pick(first, stage.file.path);
    await state(first, 'done');
    await first.close();
    const second = await openPage(stage);
    await state(second, 'done');
    await second.click(inside('.row .end'));
    await second.waitFor(`!${inside('.row')}`);
    await second.reload();
    await second.waitFor(`${inside('.background')}?.textContent`);
    expect(await second.evaluate(`${inside('.row')} === null`)).toBe(true);
    await expectArrived(stage);
  });

  staged('cancel stops the upload in every tab and frees what the bucket has of it', async (stage) => {
    const page = await openPage(stage);
    const other = await openPage(stage);
    await pick(page, stage.file.path);
    await sent(stage, 0.3);
    await other.waitFor(inside('.row'));
    await other.click(inside('.row .end'));
    for (const tab of [page, other]) await tab.waitFor(`!${inside('.row')}`);
    await stage.wire.waitFor(() =>
      stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
    );
    await stage.wire.waitFor(() => stage.wire.puts().every(({ finishedAt, brokenAt }) => finishedAt ?? brokenAt));
    expect(await keysIn(store, stage.bucket)).toEqual([]);
    expect(await uploadsIn(store, stage.bucket)).toEqual([]);
  });

  staged(
    'asks for the file again when the tab was closed too early, and then sends only what is missing',
    async (stage) => {
      const page = await openPage(stage);
      // A disk without room for slices: nothing of the file outlives the tab.
      await page.evaluate(`void (IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
      apply(put, store, [value, key]) {
        if (value instanceof Blob) throw new DOMException('no room', 'QuotaExceededError');
        return Reflect.apply(put, store, key === undefined ? [value] : [value, key]);
      },
    }))`);
      await pick(page, stage.file.path);
      await stage.wire.waitFor(() => stage.wire.puts().some(({ status }) => status === 200));
      await page.close();
      const before = new Set(
        stage.wire
          .puts()
          .filter(({ status }) => status === 200)
          .map(({ query }) => new URLSearchParams(query).get('partNumber')),
      );
      const mark = stage.wire.requests.length;
      const again = await openPage(stage);
      await state(again, 'needs-file');
      await pick(again, stage.file.path);
      await state(again, 'done');
      await expectArrived(stage);
      const sentLater = stage.wire.requests.slice(mark).filter(({ method }) => method === 'PUT');
      expect(sentLater.filter(({ query }) => before.has(new URLSearchParams(query).get('partNumber')))).toEqual([]);
    },
    // So long that it cannot be over before the tab is closed.
    { fileSize: 64 * MiB },
  );

  staged('several files, an empty one among them, arrive each as itself', async (stage) => {
    const page = await openPage(stage);
    const files = [];
    for (const [name, size] of [
      ['a photo.jpg', 3 * MiB],
      ['leer.txt', 0],
      ['日本語 "quoted".bin', 11 * MiB],
    ] as const)
      files.push(await randomFile(`${stage.folder}/${name}`, size));
    await pick(page, ...files.map(({ path }) => path));
    await page.waitFor(`${inside('.list')}.querySelectorAll('.row[data-state=done]').length === 3`, { limit: 60_000 });
    const digests = (list: Digests[]) => list.map(({ sha256 }) => sha256).sort();
    expect(digests(await stage.objects())).toEqual(digests(files));
  });

  const larger = { env: { S3_SMALLEST_PART: String(8 * MiB) } };
  staged(
    'a store that demands larger parts gets them, cut anew from the file',
    async (stage) => {
      const page = await openPage(stage);
      await pick(page, stage.file.path);
      await state(page, 'done');
      await expectArrived(stage);
      expect(Math.max(...stage.wire.puts().map(({ bytes }) => bytes))).toBe(8 * MiB);
    },
    larger,
  );

  staged(
    'a store that demands larger parts gets them, cut anew from the slices of a file picked offline',
    async (stage) => {
      const page = await openPage(stage);
      await stage.chrome.offline(true);
      await pick(page, stage.file.path);
      await safe(page);
      await page.close();
      await stage.chrome.offline(false);
      await completed(stage);
      await expectArrived(stage);
      expect(Math.max(...stage.wire.puts().map(({ bytes }) => bytes))).toBe(8 * MiB);
    },
    larger,
  );

  staged('a page of another origin can begin nothing, whatever key it has', async (stage) => {
    const evil = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response('<title>evil</title>', { headers: { 'content-type': 'text/html' } }),
    });
    try {
      const page = await stage.chrome.open(`http://localhost:${evil.port}/`);
      const attempt = (headers: string, body: string) =>
        page.evaluate(
          `fetch('${stage.url}api/v1/upload/multipart/init', { method: 'POST', headers: ${headers}, body: ${body} }).then((r) => r.status, () => 'refused')`,
        );
      const body = `JSON.stringify({ filename: 'x', fileSize: 1, contentType: 'text/plain' })`;
      expect(await attempt(`{ 'content-type': 'application/json', 'x-api-key': 'dev' }`, body)).toBe('refused');
      expect(await attempt(`{ 'content-type': 'text/plain' }`, body)).toBe('refused');
      expect(await uploadsIn(store, stage.bucket)).toEqual([]);
    } finally {
      await evil.stop(true);
    }
  });
});

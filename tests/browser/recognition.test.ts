import { describe, expect, setDefaultTimeout } from 'bun:test';
import { copyFile } from 'node:fs/promises';
import { adminUrl, query } from '../api/serve.ts';
import { randomFile } from '../bytes.ts';
import { keysIn, partsIn, uploadsIn } from '../store.ts';
import { begin, openApp, uploadIs } from './app.ts';
import { launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { expectArrived, partOf, type Stage, sent, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

/** As if the server had heard nothing of its uploads since yesterday. */
const yesterday = ({ server }: Stage) =>
  query(adminUrl(server.dataDir), async (sql) => {
    await sql`alter table multipart_uploads disable trigger multipart_uploads_updated_at`;
    await sql`update multipart_uploads set updated_at = now() - interval '1 day'`;
  });

/** As the server's log tells of them: they go in a batch. */
const claims = ({ server }: Stage): { status: number }[] =>
  server
    .output()
    .split('\n')
    .filter((line) => line.includes('"call":"claim"'))
    .map((line) => JSON.parse(line));

/** The file as it lies on another device: of another name, and another time. */
async function copied({ folder, file }: Stage): Promise<string> {
  const path = `${folder}/VID 0001.mov`;
  await copyFile(file.path, path);
  return path;
}

async function pick(page: Page, ...paths: string[]): Promise<void> {
  await page.setFiles('input', paths);
  await page.evaluate(`void (globalThis.picked = [...document.querySelector('input').files].map((file) => client.resumableUpload(file)),
    globalThis.upload = picked[0])`);
}

describe.skipIf(!findChrome())('a file that is picked again', () => {
  const { here, staged } = onApps({ env: { LOG_LEVEL: 'info' } });

  /** Half of the file is in the bucket, and the device that it came from is gone. */
  async function halfSent(stage: Stage): Promise<Set<number>> {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.5);
    await page.waitFor('upload.progress.uploaded >= 2');
    await stage.chrome.kill();
    await settled(stage);
    return new Set(await partsIn(here.store, stage.bucket));
  }

  staged(
    'on a device that knows nothing of it, under another name, goes on from what the bucket has',
    async (stage) => {
      const stored = await halfSent(stage);
      await yesterday(stage);
      const mark = stage.wire.requests.length;
      const other = await launchChrome();
      try {
        const page = await openApp(here.app, stage, '', other);
        await pick(page, await copied(stage));
        await uploadIs(page, 'done');
        await expectArrived(stage);
        const later = stage.wire.requests.slice(mark).filter(({ method }) => method === 'PUT');
        expect(later.filter((put) => stored.has(partOf(put)))).toEqual([]);
        expect(claims(stage).map(({ status }) => status)).toEqual([404, 200]);
        expect(await uploadsIn(here.store, stage.bucket)).toEqual([]);
      } finally {
        await other.close();
      }
    },
  );

  staged('while another device is sending it is another upload, and neither loses its own', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await sent(stage, 0.3);
    const other = await launchChrome();
    try {
      const elsewhere = await openApp(here.app, stage, '', other);
      await pick(elsewhere, await copied(stage));
      await uploadIs(elsewhere, 'done');
      await uploadIs(page, 'done');
      expect(claims(stage).map(({ status }) => status)).toEqual([404, 404]);
      expect((await stage.objects()).map(({ sha256 }) => sha256)).toEqual([stage.file.sha256, stage.file.sha256]);
    } finally {
      await other.close();
    }
  });

  staged('with other bytes between those that were looked at is begun anew, not mixed', async (stage) => {
    await halfSent(stage);
    await yesterday(stage);
    const path = await copied(stage);
    const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
    // Between the first sample and the second.
    bytes.fill(7, 100_000, 200_000);
    await Bun.write(path, bytes);
    const other = await launchChrome();
    try {
      const page = await openApp(here.app, stage, '', other);
      await pick(page, path);
      await uploadIs(page, 'done');
      const sha256 = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
      expect((await stage.objects()).map((object) => object.sha256)).toEqual([sha256]);
    } finally {
      await other.close();
    }
  });

  staged('twice in one go is two uploads', async (stage) => {
    const page = await openApp(here.app, stage);
    await pick(page, stage.file.path, await copied(stage));
    await page.waitFor(`picked.every(({ state }) => state === 'done')`, { limit: 60_000 });
    expect(await page.evaluate('new Set(picked.map(({ id }) => id)).size')).toBe(2);
    expect((await stage.objects()).map(({ sha256 }) => sha256)).toEqual([stage.file.sha256, stage.file.sha256]);
    expect(claims(stage)).toHaveLength(1);
  });

  staged('costs many small ones nothing: nobody asks for them', async (stage) => {
    const page = await openApp(here.app, stage);
    const files = [];
    for (let n = 0; n < 6; n++) files.push(await randomFile(`${stage.folder}/photo ${n}.jpg`, (n + 1) * 2 * MiB));
    await pick(page, ...files.map(({ path }) => path));
    await page.waitFor(`picked.every(({ state }) => state === 'done')`, { limit: 60_000 });
    expect(await keysIn(here.store, stage.bucket)).toHaveLength(6);
    expect(claims(stage)).toEqual([]);
  });

  staged(
    'under another name, and before the client has looked at its store, is the upload that needs it',
    async (stage) => {
      const page = await openApp(here.app, stage);
      // A disk without room for slices: nothing of the file outlives the tab.
      await page.evaluate(`void (IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
        apply(put, store, [value, key]) {
          if (value instanceof Blob) throw new DOMException('no room', 'QuotaExceededError');
          return Reflect.apply(put, store, key === undefined ? [value] : [value, key]);
        },
      }))`);
      await begin(page, stage);
      await sent(stage, 0.5);
      await page.waitFor('upload.progress.uploaded >= 1');
      await page.close();
      await settled(stage);
      const next = await stage.chrome.open(`${here.app.origin}/`);
      await next.setFiles('input', [await copied(stage)]);
      await next.evaluate(`void (globalThis.client = partway.createUploadClient({
        endpoint: '${stage.url}api/v1/upload/multipart', owner: 'anna', apiKey: 'dev' }),
        globalThis.upload = client.resumableUpload(document.querySelector('input').files[0]))`);
      await uploadIs(next, 'done');
      await expectArrived(stage);
      expect(await next.evaluate('client.uploads().then((all) => all.map(({ name }) => name))')).toEqual([
        'holiday film.bin',
      ]);
      expect(claims(stage)).toHaveLength(1);
    },
  );
});

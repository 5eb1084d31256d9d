/** `beforeInit`: the app's own word on each upload, before anything of it exists. */

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { type Hooks, type Intent, UploadError } from '../../server/index.ts';
import { type Api, apiAt, digestsFor, granted, putAll, random, told } from './client.ts';
import { openHost, serveUploads } from './host.ts';
import { counts, expectObject, head } from './place.ts';
import { FILE } from './refusal.ts';
import { query } from './serve.ts';

setDefaultTimeout(180_000);

let host: Awaited<ReturnType<typeof openHost>>;
let served: Awaited<ReturnType<typeof serveUploads>>;
let api: Api;
let asked: Intent[];
let hook: NonNullable<Hooks['beforeInit']>;
beforeAll(async () => {
  host = await openHost({
    beforeInit: (intent) => {
      asked.push(intent);
      return hook(intent);
    },
  });
  served = await serveUploads(host.deps);
  api = apiAt(served.url);
});
beforeEach(() => {
  asked = [];
  hook = () => undefined;
  host.logged.length = 0;
});
afterAll(async () => {
  await served?.stop();
  await host?.stop();
});

/** Rows, objects and uploads in the store. */
async function everything() {
  const [row] = await query(host.database.url, (sql) => sql`select count(*)::integer as n from multipart_uploads`);
  return { rows: row!.n, ...(await counts(host)) };
}

test('it is asked once, with all there is to know, and the upload is begun as it was meant', async () => {
  const metadata = { Album: 'Sommer' };
  const begun = await api.begin({ size: 2500 }, { metadata });
  expect(asked).toEqual([
    {
      userId: 'dev',
      fileKey: begun.fileKey,
      filename: 'film.bin',
      contentType: 'video/mp4',
      fileSize: 2500,
      metadata,
      provider: 'S3',
    },
  ]);
});

test('what it refuses is told in its own sentence, and nothing is begun or taken off a grant', async () => {
  const { grant } = granted(await api.call('grant', { maxFiles: 1 }));
  const holder = apiAt(served.url, { authorization: `Bearer ${grant}` });
  const before = await everything();
  hook = async ({ contentType }) => ({ refuse: `We take no ${contentType} here.` });
  const answer = await holder.call('init', FILE);
  expect([...told(answer), answer.body.message!]).toEqual([403, 'UPLOAD_REFUSED', 'We take no video/mp4 here.']);
  hook = () => ({ refuse: '' });
  expect(told(await holder.call('init', FILE))).toEqual([403, 'UPLOAD_REFUSED']);
  hook = () => {
    throw new UploadError('FILE_TOO_LARGE', 'Films may have 1 kB.', { detail: { limit: 1000 } });
  };
  expect(await holder.call('init', FILE)).toMatchObject({
    status: 400,
    body: { error: 'FILE_TOO_LARGE', message: 'Films may have 1 kB.', limit: 1000 },
  });
  expect(await everything()).toEqual(before);
  hook = () => undefined;
  granted(await holder.call('init', FILE));
});

test('where it fails, or answers nonsense, nothing is begun, the log says why and the caller no more than that', async () => {
  const before = await everything();
  const nonsense: [unknown, RegExp][] = [
    [new Error('quota service down'), /^beforeInit threw: quota service down$/],
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), /^beforeInit threw: refused$/],
    [false, /^beforeInit answered neither/],
    [{ keyPrefix: '../elsewhere/' }, /^beforeInit gave a keyPrefix/],
    [{ keyPrefix: 'a//b' }, /^beforeInit gave a keyPrefix/],
    [{ keyPrefix: '' }, /^beforeInit gave a keyPrefix/],
    [{ keyPrefix: 'x'.repeat(1000) }, /^beforeInit gave a keyPrefix/],
    [{ keyPrefix: 7 }, /^beforeInit gave a keyPrefix/],
    [{ metadata: { 'a b': 'x' } }, /^beforeInit gave metadata/],
    [{ metadata: { a: '\0' } }, /^beforeInit gave metadata/],
    [{ metadata: { a: 7 } }, /^beforeInit gave metadata/],
  ];
  for (const [what, logged] of nonsense) {
    hook = async () => {
      if (what instanceof Error) throw what;
      return what as undefined;
    };
    const answer = await api.call('init', FILE);
    expect([what, ...told(answer)]).toEqual([what, 500, 'MULTIPART_INIT_FAILED']);
    expect(answer.body.message).not.toContain('beforeInit');
    expect(host.logged.at(-1)).toMatchObject({ event: 'failed', fields: { call: 'init' } });
    expect(host.logged.at(-1)!.fields.message).toMatch(logged);
  }
  expect(await everything()).toEqual(before);
});

test('metadata that it gives stands at the object, before the caller’s of the same name, under the prefix it chose', async () => {
  hook = ({ userId, metadata }) => ({
    keyPrefix: `people/${userId}/`,
    metadata: { tenant: 'acme', album: `${metadata.Album}!` },
  });
  const bytes = random(1500);
  const { partUrls, fileKey, resumeToken } = await api.begin(
    { size: bytes.length },
    { metadata: { Album: 'Mine', TENANT: 'forged', note: 'kept' }, partSize: 1024, parts: digestsFor(bytes, 1024) },
  );
  expect(fileKey).toMatch(/^people\/dev\/[\w-]{32}$/);
  expect(asked[0]!.fileKey).toBe(fileKey.replace('people/dev/', 'multipart/'));
  await putAll(partUrls, bytes);
  granted(await api.call('complete', { resumeToken }));
  await expectObject(host, fileKey, bytes);
  expect((await head(host, fileKey)).Metadata).toMatchObject({
    tenant: 'acme',
    album: encodeURIComponent('Mine!'),
    note: 'kept',
  });
});

test('metadata that is too much together is refused', async () => {
  const before = await everything();
  hook = () => ({ metadata: { tenant: 'x'.repeat(1000) } });
  const answer = await api.call('init', { ...FILE, metadata: { note: 'y'.repeat(1000) } });
  expect(told(answer)).toEqual([400, 'INVALID_REQUEST']);
  expect(await everything()).toEqual(before);
});

test('an init that is repeated is not asked about again, even where the app has changed its mind', async () => {
  const key = crypto.randomUUID();
  const first = await api.begin({ size: 10 }, {}, key);
  hook = () => ({ refuse: 'Not any more.' });
  for (let n = 0; n < 3; n++) expect((await api.begin({ size: 10 }, {}, key)).resumeToken).toBe(first.resumeToken);
  expect(asked).toHaveLength(1);
});

test('what the caller got wrong is told without asking', async () => {
  for (const wrong of [{ fileSize: -1 }, { provider: 'R2' }, { partSize: 1 }, { metadata: { note: 'x'.repeat(2048) } }])
    expect((await api.call('init', { ...FILE, ...wrong })).status).toBe(400);
  expect(asked).toEqual([]);
});

/** `onVerified`: the app hears of each finished upload, before whoever finished it where that can be, and never not at all. */

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import type { VerifiedUpload } from '../../server/index.ts';
import { type Api, apiAt, granted, told } from './client.ts';
import { openHost, serveUploads } from './host.ts';
import { hasten, rowsOf } from './outbox.ts';
import { sendFile } from './place.ts';

setDefaultTimeout(120_000);

let host: Awaited<ReturnType<typeof openHost>>;
let served: Awaited<ReturnType<typeof serveUploads>>;
let api: Api;
let admin: string;
let heard: VerifiedUpload[];
let hook: (upload: VerifiedUpload) => void | Promise<void>;
const onVerified = (upload: VerifiedUpload) => {
  heard.push(upload);
  return hook(upload);
};
beforeAll(async () => {
  heard = [];
  host = await openHost({ onVerified });
  served = await serveUploads(host.deps);
  api = apiAt(served.url);
  admin = host.database.admin();
});
beforeEach(() => {
  heard = [];
  hook = () => {};
  host.logged.length = 0;
});
afterAll(async () => {
  await served?.stop();
  await host?.stop();
});

const sent = () => sendFile({ api, unit: 1024 });
const heardOf = (sessionId: string) => heard.filter((upload) => upload.sessionId === sessionId);

async function until(check: () => unknown): Promise<void> {
  while (!(await check())) await Bun.sleep(20);
}
const outcomeOf = async (sessionId: string) => (await rowsOf(admin, sessionId)).map(({ outcome }) => outcome);

test('it has heard of the upload, and has finished, before the caller is told that it is complete', async () => {
  const upload = await sent();
  let status = 'unheard of';
  hook = async ({ sessionId }) => {
    status = granted(await api.progress(upload.resumeToken)).status;
    expect(sessionId).toBe(upload.sessionId);
  };
  const done = granted(await upload.complete());
  expect(status).toBe('completed');
  expect(heard).toEqual([
    {
      sessionId: upload.sessionId,
      userId: 'dev',
      fileKey: upload.fileKey,
      filename: 'film.bin',
      fileSize: upload.bytes.length,
      contentType: 'video/mp4',
      url: done.url,
      etag: done.etag,
      verifiedBy: 'etag',
      provider: 'S3',
      bucket: host.bucket,
      metadata: {},
    },
  ]);
  granted(await upload.complete());
  expect(heard).toHaveLength(1);
  expect(await outcomeOf(upload.sessionId)).toEqual(['delivered']);
});

test('where it throws, the upload is complete all the same, the fault is logged, and it is called again', async () => {
  const upload = await sent();
  let attempts = 0;
  hook = async () => {
    if (++attempts < 3) throw new Error('our search index is down');
  };
  expect(granted(await upload.complete()).verifiedBy).toBe('etag');
  expect(host.logged).toMatchObject([
    { event: 'onVerified', fields: { sessionId: upload.sessionId, attempt: 1, cause: 'our search index is down' } },
  ]);
  await hasten(admin, upload.sessionId);
  await until(() => attempts === 2);
  await until(async () => host.logged.length === 2);
  await hasten(admin, upload.sessionId);
  await until(async () => (await outcomeOf(upload.sessionId))[0] === 'delivered');
  const all = heardOf(upload.sessionId);
  expect(all).toHaveLength(3);
  expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('where it takes long, the caller is not kept waiting for ever, and it is not called twice', async () => {
  const upload = await sent();
  let release = () => {};
  hook = () =>
    new Promise<void>((resolve) => {
      release = resolve;
    });
  const startedAt = performance.now();
  granted(await upload.complete());
  const seconds = (performance.now() - startedAt) / 1000;
  expect(seconds).toBeGreaterThan(9);
  expect(seconds).toBeLessThan(20);
  expect(await outcomeOf(upload.sessionId)).toEqual([null]);
  release();
  await until(async () => (await outcomeOf(upload.sessionId))[0] === 'delivered');
  expect(heardOf(upload.sessionId)).toHaveLength(1);
});

test('a server that dies between the upload’s end and the hook is succeeded by another that calls it', async () => {
  // As the one that dies does it: all but the last step.
  const dying = await serveUploads({ ...host.deps, announce: undefined });
  const upload = await sendFile({ api: apiAt(dying.url), unit: 1024 });
  granted(await upload.complete());
  await dying.stop();
  expect([heardOf(upload.sessionId).length, await outcomeOf(upload.sessionId)]).toEqual([0, [null]]);
  await hasten(admin, upload.sessionId);
  await until(async () => (await outcomeOf(upload.sessionId))[0] === 'delivered');
  expect(heardOf(upload.sessionId)).toMatchObject([{ fileKey: upload.fileKey }]);
});

test('of failed and cancelled uploads it does not hear', async () => {
  const bad = await sent();
  const wrong = `${'0'.repeat(32)}-3`;
  expect(told(await api.call('complete', { resumeToken: bad.resumeToken, objectDigest: wrong }))[1]).toBe(
    'DIGEST_MISMATCH',
  );
  const { resumeToken, sessionId } = await api.begin({ size: 10 });
  granted(await api.call('abort', { resumeToken }));
  expect([await outcomeOf(bad.sessionId), await outcomeOf(sessionId), heard]).toEqual([[], [], []]);
});

test('a server without hook and webhook writes down nothing to tell', async () => {
  const plain = await serveUploads(await host.again({}));
  const upload = await sendFile({ api: apiAt(plain.url), unit: 1024 });
  granted(await upload.complete());
  await plain.stop();
  expect(await outcomeOf(upload.sessionId)).toEqual([]);
});

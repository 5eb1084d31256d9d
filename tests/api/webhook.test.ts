/** The webhook: signed, told of every end, again and again until it is heard. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { embeddedStore } from '../store.ts';
import { granted, told } from './client.ts';
import { age, rowsOf, rowsUntil, settled } from './outbox.ts';
import { openPlace, type Place, sendFile } from './place.ts';
import { type Receiver, startReceiver, verified } from './receiver.ts';
import { adminUrl, query } from './serve.ts';

setDefaultTimeout(120_000);

const secret = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`;
const SECRETS = [secret(1), secret(2, 24), secret(3, 64)];

let receiver: Receiver;
let elsewhere: Receiver;
let place: Place;
let admin: string;
beforeAll(async () => {
  receiver = await startReceiver();
  elsewhere = await startReceiver();
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }), {
    env: { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: SECRETS.join(' ') },
  });
  admin = adminUrl(place.server.dataDir);
});
afterAll(async () => {
  await place?.stop();
  await receiver?.stop();
  await elsewhere?.stop();
});

async function completed(...replies: Parameters<Receiver['script']>[1][]) {
  const upload = await sendFile(place);
  receiver.script(upload.sessionId, ...replies);
  return { ...upload, answer: granted(await upload.complete()) };
}

test('a finished upload is told at once, signed with each of the secrets', async () => {
  const startedAt = Date.now();
  const upload = await completed();
  const answeredAt = performance.now();
  const [received] = await receiver.has(upload.sessionId, 1);
  // Sooner than anybody who only looks now and then.
  expect(performance.now() - answeredAt).toBeLessThan(2_000);
  for (const key of SECRETS) expect(verified(received!, key)).toEqual(received!.event);
  for (const key of [secret(4), secret(1, 31)]) expect(() => verified(received!, key)).toThrow();
  expect(() => verified({ ...received!, body: `${received!.body} ` }, SECRETS[0]!)).toThrow();
  expect(received!.path).toBe('/hook?tenant=7');
  expect(received!.headers['content-type']).toBe('application/json');
  expect(received!.event).toEqual({
    type: 'upload.completed',
    timestamp: expect.any(String),
    data: {
      sessionId: upload.sessionId,
      userId: 'dev',
      fileKey: upload.fileKey,
      filename: 'film.bin',
      fileSize: upload.bytes.length,
      contentType: 'video/mp4',
      url: upload.answer.url,
      etag: upload.answer.etag,
      verifiedBy: 'etag',
      provider: 'S3',
      bucket: place.bucket,
      metadata: {},
    },
  });
  expect(Date.parse(received!.event.timestamp)).toBeGreaterThan(startedAt - 1000);
  granted(await upload.complete());
  expect(await rowsUntil(admin, upload.sessionId, settled)).toMatchObject([{ outcome: 'delivered', attempts: 1 }]);
});

test('each way to fail is told, with its code and sentence', async () => {
  const { api, store, bucket } = place;
  const mismatch = await sendFile(place);
  const wrong = { resumeToken: mismatch.resumeToken, objectDigest: `${'0'.repeat(32)}-3` };
  const refused = await api.call('complete', wrong);

  const abortInStore = ({ fileKey, uploadId }: { fileKey: string; uploadId: string | null }) =>
    store.s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: fileKey, UploadId: uploadId! }));
  const [lost, lostToo] = [await sendFile(place), await sendFile(place)];
  await abortInStore(lost);
  await abortInStore(lostToo);
  expect(told(await lost.complete())).toEqual([410, 'UPLOAD_EXPIRED']);
  expect(told(await api.call('resume', { resumeToken: lostToo.resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);

  const [asked, listed] = [await sendFile(place), await sendFile(place)];
  await query(
    admin,
    (sql) => sql`
    update multipart_uploads set expires_at = now() - interval '1 second'
    where id in (${asked.sessionId}, ${listed.sessionId})`,
  );
  expect((await api.progress(asked.resumeToken)).body.status).toBe('failed');
  granted(await api.list({ status: 'failed' }));

  const cancelled = await sendFile(place);
  granted(await api.call('abort', { resumeToken: cancelled.resumeToken }));

  const expected: [{ sessionId: string; fileKey: string }, string][] = [
    [mismatch, 'DIGEST_MISMATCH'],
    [lost, 'UPLOAD_EXPIRED'],
    [lostToo, 'UPLOAD_EXPIRED'],
    [asked, 'UPLOAD_EXPIRED'],
    [listed, 'UPLOAD_EXPIRED'],
  ];
  for (const [{ sessionId, fileKey }, errorCode] of expected) {
    const [received] = await receiver.has(sessionId, 1);
    expect(verified(received!, SECRETS[0]!)).toMatchObject({
      type: 'upload.failed',
      data: { sessionId, fileKey, errorCode, errorMessage: expect.any(String), userId: 'dev', fileSize: 2058 },
    });
    expect(received!.event.data).not.toHaveProperty('url');
  }
  expect(receiver.of(mismatch.sessionId)[0]!.event.data.errorMessage).toBe(refused.body.message!);
  expect(await rowsOf(admin, cancelled.sessionId)).toEqual([]);
});

test('a receiver that fails, hangs, cuts off or points elsewhere is asked again, under the same id', async () => {
  const troubles = {
    fails: { status: 500 },
    'points elsewhere': { status: 307, headers: { location: elsewhere.url } },
    'is not there': 'cut',
    'is silent': 'hang',
  } as const;
  const uploads = await Promise.all(Object.values(troubles).map((trouble) => completed(trouble)));
  for (const upload of uploads) {
    const [first, second] = await receiver.has(upload.sessionId, 2);
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']!);
    expect(second!.body).toBe(first!.body);
    // Each attempt is signed at its own time.
    for (const received of [first!, second!])
      expect(Math.abs(Number(received.headers['webhook-timestamp']) - received.at.getTime() / 1000)).toBeLessThan(3);
    expect(verified(second!, SECRETS[1]!).data.sessionId).toBe(upload.sessionId);
    expect(await rowsUntil(admin, upload.sessionId, settled)).toMatchObject([{ outcome: 'delivered', attempts: 2 }]);
  }
  const ids = uploads.map(({ sessionId }) => receiver.of(sessionId)[0]!.headers['webhook-id']);
  expect(new Set(ids).size).toBe(uploads.length);
  expect(elsewhere.received).toEqual([]);
  const output = place.server.output();
  for (const words of ['answered 500', 'answered 307', 'no answer (', 'no answer in time'])
    expect(output).toContain(words);
  for (const hidden of [...SECRETS, 'tenant=7', receiver.url]) expect(output).not.toContain(hidden);
});

test('one that says when to come again is not asked before', async () => {
  const inSeconds = await completed({ status: 503, headers: { 'retry-after': '3600' } });
  const date = new Date(Date.now() + 7_200_000).toUTCString();
  const atDate = await completed({ status: 429, headers: { 'retry-after': date } });
  const due = async (sessionId: string) => (await rowsUntil(admin, sessionId, ([row]) => row!.due > 300))[0]!.due;
  expect(Math.abs((await due(inSeconds.sessionId)) - 3600)).toBeLessThan(30);
  expect(Math.abs((await due(atDate.sessionId)) - 7200)).toBeLessThan(30);
});

test('one that is gone is not asked about that event again', async () => {
  const { sessionId } = await completed({ status: 410 });
  expect(await rowsUntil(admin, sessionId, settled)).toMatchObject([{ outcome: 'gone', attempts: 1 }]);
  expect(place.server.output()).toMatch(new RegExp(`"${sessionId}".*answered 410.*given up`));
});

test('after three days it is given up, and the log says so', async () => {
  const { sessionId } = await completed(...Array.from({ length: 9 }, () => ({ status: 500 })));
  await receiver.has(sessionId, 1);
  await age(admin, sessionId, 4);
  const [row] = await rowsUntil(admin, sessionId, settled);
  expect(row!.outcome).toBe('dead');
  expect(row!.attempts).toBeGreaterThanOrEqual(2);
  expect(place.server.output()).toMatch(
    new RegExp(`"${sessionId}","attempt":\\d+,"cause":"answered 500","next":"given up"`),
  );
});

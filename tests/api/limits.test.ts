/** What one upload and one user may have: refused before anything is begun, free again as soon as it is. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { startServer } from '../server.ts';
import { type Ground, openGround } from '../steps/ground.ts';
import { type Answer, type Api, apiAt, granted, told } from './client.ts';
import { counts, ORIGIN, sendFile } from './place.ts';

setDefaultTimeout(180_000);

let ground: Ground;
let server: Awaited<ReturnType<typeof startServer>>;
let api: Api;

const OPEN = 3;

beforeAll(async () => {
  ground = await openGround({
    ALLOWED_ORIGINS: ORIGIN,
    MAX_FILE_SIZE: '8 KiB',
    MAX_OPEN_UPLOADS: String(OPEN),
    MAX_RESERVED_BYTES: '10 KiB',
    ALLOWED_CONTENT_TYPES: 'video/mp4, image/*',
  });
  server = await startServer({ env: ground.env, dataDir: ground.env.DATA_DIR! });
  api = apiAt(server.url);
});
afterAll(async () => {
  await server?.stop();
  await ground?.stop();
});
afterEach(async () => {
  await ground.sql`update multipart_uploads set status = 'aborted' where status in ('active', 'paused')`;
  expect(await usage()).toEqual([0, 0]);
});

const usage = async () => {
  const [row] = await ground.sql`select open_sessions::int as open, reserved_bytes::int as bytes from usage`;
  return [row?.open ?? 0, row?.bytes ?? 0];
};
const ask = (fileSize: number, contentType = 'video/mp4', headers = {}) =>
  api.call('init', { filename: 'a', fileSize, contentType }, { ...api.credentials, ...headers });
function expectTooMany(answer: Answer<object>): void {
  expect(told(answer)).toEqual([429, 'TOO_MANY_UPLOADS']);
  expect(answer.retryAfter).toBeGreaterThan(0);
}

test('a file of the largest size is taken, one byte more is not', async () => {
  expect(told(await ask(8192))).toEqual([200, undefined]);
  const refused = await ask(8193);
  expect(told(refused)).toEqual([400, 'FILE_TOO_LARGE']);
  expect(refused.body.message).toContain('8192');
});

test('a type is allowed by its name or its kind, in any case and with any parameters', async () => {
  for (const type of ['video/mp4', 'VIDEO/MP4', 'video/mp4; codecs="avc1"', 'image/png', 'Image/SVG+XML;charset=utf-8'])
    granted(await api.call('abort', { resumeToken: granted(await ask(10, type)).resumeToken }));
  for (const type of [
    'video/webm',
    'video/mp4x',
    'text/html',
    'imagex/png',
    'application/image',
    'text/html; image/png',
  ])
    expect([type, told(await ask(10, type))]).toEqual([type, [400, 'CONTENT_TYPE_NOT_ALLOWED']]);
  expect(await usage()).toEqual([0, 0]);
});

test('of the open uploads none more than allowed; one that ends, however it ends, makes room for the next', async () => {
  const open = await Promise.all(Array.from({ length: OPEN }, () => ask(10)));
  expect(open.map(told)).toEqual(Array(OPEN).fill([200, undefined]));
  expectTooMany(await ask(10));
  // A repeat begins nothing.
  granted(await api.call('abort', { resumeToken: open[0]!.body.resumeToken }));
  const key = { 'idempotency-key': crypto.randomUUID() };
  const kept = granted(await ask(10, 'video/mp4', key));
  expect(granted(await ask(10, 'video/mp4', key)).sessionId).toBe(kept.sessionId);
  expectTooMany(await ask(10));
  // One whose time is over is open until it is found out.
  await ground.sql`update multipart_uploads set expires_at = now() where id = ${open[1]!.body.sessionId}`;
  expect(told(await api.call('resume', { resumeToken: open[1]!.body.resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);
  granted(await ask(10));
  expect(await usage()).toEqual([OPEN, 30]);
});

test('of reserved bytes none more than allowed; a finished upload gives its own back', async () => {
  const upload = await sendFile({ api, unit: 1024 }, 6000);
  expect(await usage()).toEqual([1, 6000]);
  expectTooMany(await ask(4241));
  granted(await ask(4240));
  expectTooMany(await ask(1));
  granted(await upload.complete());
  expect(await usage()).toEqual([1, 4240]);
  granted(await ask(6000));
});

test('of many inits that race for the last place exactly one gets it, and nothing is left of the others', async () => {
  for (let count = 1; count < OPEN; count++) granted(await ask(10));
  const before = await counts(ground);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(10)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(19).fill(429)]);
  expect(await usage()).toEqual([OPEN, OPEN * 10]);
  expect(await counts(ground)).toEqual({ ...before, uploads: before.uploads + 1 });
  const [row] = await ground.sql`select count(*)::int as open from multipart_uploads where status = 'active'`;
  expect(row!.open).toBe(OPEN);
});

test('what is refused is not taken off a grant', async () => {
  const { grant } = granted(await api.call('grant', { maxBytes: 100, maxFiles: 1 }));
  const by = { authorization: `Bearer ${grant}`, 'x-api-key': '' };
  const open = await Promise.all(Array.from({ length: OPEN }, () => ask(10)));
  expectTooMany(await ask(10, 'video/mp4', by));
  granted(await api.call('abort', { resumeToken: granted(open[0]!).resumeToken }));
  expect(told(await ask(10, 'video/mp4', by))).toEqual([200, undefined]);
});

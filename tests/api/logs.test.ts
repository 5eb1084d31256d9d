/** The server's log: a line for each request, by whose id a person and an operator speak of the same, and nothing that opens anything. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { type Api, apiAt, CALLS, digestsFor, granted, objectDigest, putAll, random, told } from './client.ts';
import { sha256 } from './people.ts';
import { ORIGIN, openWiredPlace } from './place.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { query, serveDatabase, type TestDatabase } from './serve.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';
import { errorBody } from './wire.ts';

setDefaultTimeout(120_000);

const KEY = `mpk_${randomBytes(32).toString('base64url')}`;
const SECRETS = {
  PARTWAY_SECRET: randomBytes(33).toString('base64'),
  WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
  METRICS_TOKEN: 'plain-words-for-metrics',
};

let database: TestDatabase;
let wire: Tunnel;
let receiver: Receiver;
let place: Awaited<ReturnType<typeof openWiredPlace>>;
let api: Api;
const undo: (() => void)[] = [];
beforeAll(async () => {
  database = await serveDatabase();
  const url = new URL(database.url);
  wire = await openTunnel(Number(url.port));
  url.port = String(wire.port);
  receiver = await startReceiver();
  place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }), {
    args: [],
    env: { HOST: '127.0.0.1', DATABASE_URL: url.href, WEBHOOK_URL: receiver.url, ALLOWED_ORIGINS: ORIGIN, ...SECRETS },
  });
  await query(database.url, (sql) => sql`insert into api_keys (user_id, key_hash) values ('anna', ${sha256(KEY)})`);
  api = apiAt(place.server.url, { 'x-api-key': KEY });
});
afterEach(() => {
  for (const back of undo.splice(0)) back();
});
afterAll(async () => {
  await place?.stop();
  await receiver?.stop();
  await wire?.down();
  await database?.stop();
});

type Line = Record<string, unknown> & { event: string };

/** The log's lines that bear `requestId`, once the line that ends the request is there. */
async function linesOf(requestId: string, at = place): Promise<Line[]> {
  for (;;) {
    const lines = at.server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.requestId === requestId);
    if (lines.some(({ event }) => event === 'request')) return lines;
    await Bun.sleep(10);
  }
}

/** All that is given that stands in `output`. */
const leaks = (output: string, secrets: Iterable<string>) => [...secrets].filter((secret) => output.includes(secret));

test('each request has a line of its own, under the id that its answer names', async () => {
  const { headers, body } = await api.call('init', { filename: 'a', fileSize: 10, contentType: 'a/b' });
  const id = headers.get('x-request-id')!;
  expect(id).toMatch(/^[\w.-]{10,64}$/);
  const head = { time: expect.any(String), event: 'request', requestId: id, ms: expect.any(Number) };
  const init = { ...head, method: 'POST', path: `${BASE_PATH}/init`, call: 'init', status: 200, userId: 'anna' };
  expect(await linesOf(id)).toEqual([init]);
  const [line] = await linesOf(id);
  expect(Math.abs(Date.parse(line!.time as string) - Date.now())).toBeLessThan(60_000);

  const read = await api.progress(body.resumeToken);
  const progress = { method: 'GET', path: `${BASE_PATH}/progress`, call: 'progress', status: 200, userId: 'anna' };
  expect(await linesOf(read.headers.get('x-request-id')!)).toMatchObject([progress]);

  const listed = await api.list({ limit: '1' });
  expect(await linesOf(listed.headers.get('x-request-id')!)).toMatchObject([{ path: BASE_PATH, call: 'list' }]);
  const refused = await api.call('grant', {}, { 'x-api-key': 'mpk_nobodys' });
  const [refusal] = await linesOf(refused.headers.get('x-request-id')!);
  expect(refusal).toMatchObject({ call: 'grant', status: 401, error: 'UNAUTHENTICATED' });
  for (const field of ['userId', 'limit', 'address']) expect(refusal).not.toHaveProperty(field);
});

test('a caller’s own id is taken where it is harmless, and replaced where it is not', async () => {
  const ask = async (id: string, origin = {}) => {
    const headers = { 'x-request-id': id, ...origin };
    return (await fetch(`${api.url}${BASE_PATH}/progress`, { headers })).headers;
  };
  for (const id of ['a', 'order-17.retry_2', 'x'.repeat(64)]) {
    expect((await ask(id)).get('x-request-id')).toBe(id);
    expect(await linesOf(id)).toMatchObject([{ status: 400 }]);
  }
  for (const id of ['x'.repeat(65), 'a b', 'a"b', '{}', 'a/b', 'é'])
    expect((await ask(id)).get('x-request-id')).toMatch(/^[\w-]{16}$/);
  const [one, two] = [await ask(''), await ask('')];
  expect(one!.get('x-request-id')).not.toBe(two!.get('x-request-id'));
  const exposed = await ask('mine', { origin: ORIGIN });
  expect(exposed.get('access-control-expose-headers')?.toLowerCase()).toContain('x-request-id');
});

test('a fault of the server says the id in its answer, and every line of it bears that id', async () => {
  undo.push(place.wire.answer(() => true, { status: 403, body: errorBody('AccessDenied') }));
  const asked = { 'x-request-id': 'quote-me', 'x-api-key': KEY };
  const answer = await api.call('init', { filename: 'a', fileSize: 10, contentType: 'a/b' }, asked);
  expect(told(answer)).toEqual([502, 'MULTIPART_INIT_FAILED']);
  expect(answer.body).toMatchObject({ requestId: 'quote-me' });
  const lines = await linesOf('quote-me');
  expect(lines).toMatchObject([
    { event: 'failed', call: 'init', cause: 'AccessDenied' },
    { event: 'request', call: 'init', status: 502, userId: 'anna' },
  ]);
  const refused = await api.call('init', {});
  expect(refused.status).toBe(400);
  expect(refused.body).not.toHaveProperty('requestId');
});

test('who asked too often is told by whose limit it was, where it came from and what it asked for', async () => {
  const { store } = place;
  const env = { RATE_LIMIT: '1', RATE_LIMIT_ADDRESS: '3', LOG_LEVEL: 'info' };
  const strict = await openWiredPlace({ ...store, stop: async () => {} }, { env });
  const ask = (path: string, from: string, more = {}) =>
    fetch(strict.server.url + BASE_PATH + path, { headers: { 'x-forwarded-for': from, ...more } });
  const said = async (response: Response) => {
    const line = (await linesOf(response.headers.get('x-request-id')!, strict))[0]!;
    expect([response.status, line.error, line.status]).toEqual([429, 'RATE_LIMITED', 429]);
    return line;
  };
  try {
    const mine = { 'x-api-key': 'mpk_guess' };
    await ask('', '2001:db8::1', mine);
    const limited = await said(await ask('', '2001:db8::2', mine));
    expect(limited).toMatchObject({ call: 'list', limit: 'credential', address: '2001:db8:0:0::/64' });
    for (let n = 0; n < 3; n++) await ask('/progress', '192.0.2.7');
    for (const [path, call] of Object.entries({ '/progress': 'progress', '/init': 'init' }))
      expect(await said(await ask(path, '192.0.2.7'))).toMatchObject({ call, limit: 'address', address: '192.0.2.7' });
    expect(await said(await ask('/nothing', '192.0.2.7'))).not.toHaveProperty('call');
  } finally {
    await strict.stop();
  }
});

test('with LOG_LEVEL=error only requests that failed are told', async () => {
  const lines = async (env: Record<string, string>) => {
    const { store } = place;
    const only = { JANITOR_SECONDS: '0', ...env };
    const quiet = await openWiredPlace({ ...store, stop: async () => {} }, { env: only });
    try {
      granted(await quiet.api.call('grant', {}));
      // What the start asked of the bucket is answered.
      expect((await fetch(`${quiet.server.url}/readyz`)).status).toBe(200);
      quiet.wire.answer(() => true, { status: 403, body: errorBody('AccessDenied') });
      const failed = await quiet.api.call('init', { filename: 'a', fileSize: 10, contentType: 'a/b' });
      expect(failed.status).toBe(502);
      while (!quiet.server.output().includes('"event":"request"')) await Bun.sleep(10);
      return [...(quiet.server.output().match(/"event":"\w+"|"status":\d+/g) ?? [])];
    } finally {
      await quiet.stop();
    }
  };
  const failed = ['"event":"failed"', '"event":"request"', '"status":502'];
  expect(await lines({ LOG_LEVEL: 'error' })).toEqual(failed);
  // The first minute is quiet, too.
  expect(await lines({})).toEqual(failed);
});

test('no secret, token, signature or signed URL is ever printed, whatever fails', async () => {
  const secrets = new Set<string>([KEY, ...Object.values(SECRETS), place.store.secretKey]);
  secrets.add(SECRETS.WEBHOOK_SECRET.replace('whsec_', '')).add(new URL(database.url).password);
  const note = ({ resumeToken, partUrls }: { resumeToken: string; partUrls: { url: string }[] }) => {
    secrets.add(resumeToken);
    for (const { url } of partUrls) secrets.add(url).add(new URL(url).searchParams.get('X-Amz-Signature')!);
  };
  const { grant } = granted(await api.call('grant', {}));
  secrets.add(grant);
  const bytes = random(2500);
  const parts = digestsFor(bytes, 1024);
  const begin = async (at = api) => {
    const begun = await at.begin({ size: bytes.length }, { partSize: 1024, parts });
    note(begun);
    await putAll(begun.partUrls, bytes);
    return begun;
  };
  const finish = async ({ resumeToken, sessionId }: { resumeToken: string; sessionId: string }) => {
    receiver.script(sessionId, { status: 500 }, 'cut');
    const done = granted(await api.call('complete', { resumeToken, objectDigest: objectDigest(parts) }));
    secrets.add(done.downloadUrl!).add(new URL(done.downloadUrl!).searchParams.get('X-Amz-Signature')!);
    return sessionId;
  };
  const first = await finish(await begin(apiAt(api.url, { authorization: `Bearer ${grant}` })));
  const left = await begin();
  const everything = () => everyCall(api, left.resumeToken, secrets);

  await everything();
  for (const answer of [{ status: 403, body: errorBody('SignatureDoesNotMatch') }, { status: 500 }]) {
    const back = place.wire.answer(() => true, answer);
    await everything();
    back();
  }
  await place.wire.down();
  await everything();
  await place.wire.up();
  await wire.down();
  await everything();
  await wire.up();
  await receiver.has(first, 2);
  // Somebody pastes what is secret where it does not belong.
  for (const secret of [KEY, grant, left.resumeToken, SECRETS.PARTWAY_SECRET, place.store.secretKey])
    await fetch(`${api.url}${BASE_PATH}/${encodeURIComponent(secret)}?X-Amz-Signature=${secret}`);
  const last = await fetch(`${api.url}${BASE_PATH}/${place.store.secretKey}`);
  const [line] = await linesOf(last.headers.get('x-request-id')!);
  expect(line!.path).toBe(`${BASE_PATH}/[redacted]`);

  await place.server.stop();
  const output = place.server.output();
  for (const said of [
    '"event":"failed"',
    '"event":"webhook"',
    'DATABASE_UNAVAILABLE',
    'STORE_UNAVAILABLE',
    '"call":"list"',
  ])
    expect(output).toContain(said);
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(10);
  expect(leaks(output, secrets)).toEqual([]);
  expect(output).not.toMatch(/mp[ukg]_|whsec_|X-Amz-|Signature=|Credential=|AWS4-HMAC|eyJ[\w-]+\.|\?limit=/);
  // What finds nothing would find any of them.
  for (const secret of secrets) expect(leaks(`${output}${secret}\n`, secrets)).toContain(secret);
});

/** Each call once as it should be and once with wrong credentials, as far as the server lets it. */
async function everyCall(api: Api, resumeToken: string, secrets: Set<string>): Promise<void> {
  const guess = `mpk_${randomBytes(20).toString('base64url')}`;
  const forged = `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"anna"}').toString('base64url')}.`;
  secrets.add(guess).add(forged);
  const file = { filename: 'a', fileSize: 1, contentType: 'a/b' };
  for (const name of CALLS.filter((call) => call !== 'complete' && call !== 'abort'))
    for (const credentials of [api.credentials, { 'x-api-key': guess }, { authorization: `Bearer ${forged}` }]) {
      const { body } = await api.call(name, { ...file, resumeToken, parts: [], reconcile: true }, credentials);
      const news = body as { resumeToken?: string; grant?: string };
      if (news.grant) secrets.add(news.grant);
      if (news.resumeToken) secrets.add(news.resumeToken);
    }
  const calls = [{ call: 'grant' }, { call: 'sign', resumeToken, parts: [] }, { call: 'init', ...file }];
  for (const credentials of [api.credentials, { 'x-api-key': guess }]) {
    const { answers } = (await api.call('batch', { calls }, credentials)).body;
    for (const { grant, resumeToken: token } of answers as { grant?: string; resumeToken?: string }[])
      for (const news of [grant, token]) if (news) secrets.add(news);
  }
  const wrong = [{ partNumber: 1, etag: 'x' }];
  await api.call('complete', { resumeToken, parts: wrong });
  await api.call('abort', { resumeToken: `${resumeToken}x` });
  await api.progress(resumeToken);
  await api.list({ limit: '1' });
}

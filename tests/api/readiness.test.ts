/** What a balancer and an operator hear of a server whose database or bucket is away, and how it comes back by itself. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { type EmbeddedPostgres, startPostgres } from '../../server/embedded/postgres.ts';
import type { Seen } from '../faults/proxy.ts';
import { freePort } from '../ports.ts';
import { embeddedStore } from '../store.ts';
import { type Answer, granted, told } from './client.ts';
import { openWiredPlace, sendFile, storeEnv } from './place.ts';
import { adminUrl, makeFolder, query, removeFolder, serve } from './serve.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';
import { errorBody } from './wire.ts';

setDefaultTimeout(180_000);

const TOKEN = 'a-token-for-monitors';
/** As a proxy before the server adds it. */
const AFAR = { 'x-forwarded-for': '203.0.113.7' };

interface Check {
  name: string;
  ready: boolean;
  since: string;
  message?: string;
}
interface Readiness {
  status: number;
  body: { success: boolean; stopping?: boolean; checks?: Check[] };
}

let folder: string;
let postgres: EmbeddedPostgres;
let wire: Tunnel;
let place: Awaited<ReturnType<typeof openWiredPlace>>;
const undo: (() => void)[] = [];
beforeAll(async () => {
  folder = makeFolder();
  postgres = await startPostgres({ folder });
  wire = await openTunnel(() => Number(new URL(postgres.url).port));
  const url = new URL(postgres.url);
  url.port = String(wire.port);
  place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }), {
    env: { DATABASE_URL: url.href, METRICS_TOKEN: TOKEN, JANITOR_SECONDS: '0' },
  });
});
afterEach(() => {
  for (const back of undo.splice(0)) back();
});
afterAll(async () => {
  await place?.stop();
  await wire?.down();
  await postgres?.stop();
  if (folder) removeFolder(folder);
});

async function ask(headers: Record<string, string> = {}): Promise<Readiness> {
  const response = await fetch(`${place.server.url}/readyz`, { headers });
  return { status: response.status, body: (await response.json()) as Readiness['body'] };
}

/** Asks until the answer is `status`: an answer may be a second old. */
async function becomes(status: number): Promise<Check[]> {
  for (;;) {
    const { status: now, body } = await ask();
    if (now === status) return body.checks!;
    await Bun.sleep(50);
  }
}

const trouble = (checks: Check[]) => checks.filter(({ ready }) => !ready).map(({ name, message }) => [name, message]);
const isPing = ({ query }: Seen) => query.includes('max-uploads=1');

/** Calls again as long as it is told to; the answers that put it off. */
async function through<T>(call: () => Promise<Answer<T>>): Promise<Answer<T>[]> {
  const refused: Answer<T>[] = [];
  for (;;) {
    const answer = await call();
    if (answer.status === 200) return refused;
    refused.push(answer);
    await Bun.sleep(50);
  }
}

test('all is well: everybody hears so, and only those who may hear more', async () => {
  await becomes(200);
  const all = { success: true, stopping: false, checks: [expect.any(Object), expect.any(Object)] };
  const { body } = await ask();
  expect(body).toEqual(all);
  expect(body.checks).toMatchObject([
    { name: 'database', ready: true },
    { name: 'S3', ready: true },
  ]);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const strangers: Record<string, string>[] = [
    AFAR,
    { ...AFAR, ...bearer(`${TOKEN}x`) },
    { ...AFAR, 'x-api-key': TOKEN },
    { host: 'uploads.example.com' },
    { origin: 'https://evil.example' },
  ];
  for (const headers of strangers)
    expect([headers, await ask(headers)]).toEqual([headers, { status: 200, body: { success: true } }]);
  expect(await ask({ ...AFAR, ...bearer(TOKEN) })).toEqual({ status: 200, body: all });
});

test('PostgreSQL is stopped and started: it is named, calls say when to come again, and all goes on by itself', async () => {
  const { resumeToken } = await sendFile(place);
  const before = await becomes(200);
  await postgres.stop();
  const refused = await place.api.call('pause', { resumeToken });
  expect(told(refused)).toEqual([503, 'DATABASE_UNAVAILABLE']);
  expect(refused.retryAfter).toBeGreaterThan(0);
  const down = await becomes(503);
  expect(trouble(down)).toEqual([['database', expect.stringMatching(/^The database does not answer \(.+\)\.$/)]]);
  expect(Date.parse(down[0]!.since)).toBeGreaterThan(Date.parse(before[0]!.since));
  expect((await ask(AFAR)).body).toEqual({ success: false });
  expect((await fetch(`${place.server.url}/healthz`)).status).toBe(200);

  postgres = await startPostgres({ folder });
  await becomes(200);
  granted(await place.api.call('pause', { resumeToken }));
  const after = await becomes(200);
  expect(Date.parse(after[0]!.since)).toBeGreaterThan(Date.parse(down[0]!.since));
  expect(after[1]).toEqual(before[1]!);
});

test('the bucket is away: it is named, calls say when to come again, and all goes on by itself', async () => {
  const upload = await sendFile(place);
  await place.wire.down();
  const refused = await upload.complete();
  expect(told(refused)).toEqual([503, 'STORE_UNAVAILABLE']);
  expect(refused.retryAfter).toBeGreaterThan(0);
  const words = new RegExp(`^The bucket ${place.bucket} does not answer \\(.+\\)\\.$`);
  expect(trouble(await becomes(503))).toEqual([['S3', expect.stringMatching(words)]]);
  await place.wire.up();
  await becomes(200);
  await through(upload.complete);
});

for (const [status, code] of [
  [403, 'SignatureDoesNotMatch'],
  [403, 'AccessDenied'],
  [404, 'NoSuchBucket'],
] as const)
  test(`a bucket that answers ${code} is not ready, and the doctor is named`, async () => {
    undo.push(
      place.wire.answer(isPing, { status, body: errorBody(code), headers: { 'content-type': 'application/xml' } }),
    );
    const [[name, message] = []] = trouble(await becomes(503));
    expect(name).toBe('S3');
    expect(message).toContain(`(${code})`);
    expect(message).toContain('npm run doctor');
    undo.pop()!();
    await becomes(200);
  });

test('each change is logged once, however often it is seen', async () => {
  await becomes(200);
  const lines = () =>
    place.server
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"readiness"'))
      .map((line) => JSON.parse(line));
  const pings = () => place.wire.requests.filter(isPing).length;
  const [told, asked] = [lines().length, pings()];
  undo.push(place.wire.answer(isPing, { status: 403, body: errorBody('AccessDenied') }));
  while (pings() < asked + 2) await becomes(503);
  undo.pop()!();
  await becomes(200);
  while (!lines().at(-1)?.ready) await Bun.sleep(10);
  const [down, up, ...more] = lines().slice(told);
  expect(down).toMatchObject({ name: 'S3', ready: false, message: expect.stringContaining('(AccessDenied)') });
  expect(up).toMatchObject({ name: 'S3', ready: true });
  expect(up).not.toHaveProperty('message');
  expect(more).toEqual([]);
});

test('a server whose bucket is away starts, and says so on its console', async () => {
  const away = `http://127.0.0.1:${await freePort()}`;
  const server = await serve({ env: storeEnv(place.store, 'gone', away) });
  while (!/^Bucket S3 is not ready: .*\(ECONNREFUSED\)\. Run "npm run doctor"/m.test(server.output()))
    await Bun.sleep(10);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
});

test('however many ask, a silent bucket is asked once, and nobody waits for it without end', async () => {
  await becomes(200);
  const pings = () => place.wire.requests.filter(isPing).length;
  const before = pings();
  undo.push(place.wire.hold(isPing));
  const crowd = () => Promise.all(Array.from({ length: 200 }, () => ask()));
  // The first may still hear what was found a moment ago.
  while ((await crowd()).some(({ status }) => status === 200));
  for (const { status, body } of await crowd()) {
    expect(status).toBe(503);
    expect(trouble(body.checks!)).toEqual([['S3', expect.stringContaining('no answer within 2 s')]]);
  }
  expect(pings() - before).toBeLessThan(10);
  undo.pop()!();
  await becomes(200);
});

test('a server that is stopping says so to those who ask before it is gone', async () => {
  const server = await serve();
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  // Its question is on its way when the signal comes.
  socket.write(`GET /readyz HTTP/1.1\r\nhost: ${hostname}\r\n`);
  await fetch(`${server.url}/healthz`);
  const stopped = server.stop();
  while (!server.output().includes('Stopping')) await Bun.sleep(5);
  const closed = once(socket, 'close');
  socket.write('connection: close\r\n\r\n');
  await closed;
  expect(await stopped).toBe(0);
  // Or it was turned away without a word.
  expect(heard.split('\r\n')[0]).toMatch(/^(HTTP\/1\.1 503 .*|)$/);
});

test('fifty outages leave no connection behind', async () => {
  const { resumeToken } = await sendFile(place);
  const bucket = {
    line: place.wire,
    call: () => place.api.call('resume', { resumeToken }),
    code: 'STORE_UNAVAILABLE',
    rounds: 40,
  };
  const database = {
    line: wire,
    call: () => place.api.call('pause', { resumeToken }),
    code: 'DATABASE_UNAVAILABLE',
    rounds: 10,
  };
  async function outage({ line, call, code }: typeof bucket | typeof database): Promise<void> {
    await line.down();
    const refused = await Promise.all(Array.from({ length: 8 }, call));
    await line.up();
    const late = await Promise.all(Array.from({ length: 8 }, () => through<object>(call)));
    for (const answer of [...refused, ...late.flat()]) {
      expect(told(answer)).toEqual([503, code]);
      expect(answer.retryAfter).toBeGreaterThan(0);
    }
  }
  const open = () => readdirSync(`/proc/${place.server.pid()}/fd`).length;
  const backends = () =>
    query(adminUrl(folder), async (sql) => {
      const [row] = await sql`select count(*)::integer as n from pg_stat_activity where application_name = 'partway'`;
      return row!.n as number;
    });
  for (const away of [bucket, database]) {
    await outage(away);
    const before = open();
    for (let round = 0; round < away.rounds; round++) await outage(away);
    // Of hundreds of calls: what is open is what is in use.
    expect(open()).toBeLessThan(before + 20);
    expect(await backends()).toBeLessThanOrEqual(20);
  }
  await becomes(200);
});

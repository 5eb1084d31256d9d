/** What a monitor reads of the server at work: the figures are those of what was done, and they are not for everybody. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { granted } from './client.ts';
import { openWiredPlace, sendFile } from './place.ts';
import { adminUrl, query } from './serve.ts';
import { errorBody } from './wire.ts';

setDefaultTimeout(120_000);

const TOKEN = 'a-token-for-monitors';
const AFAR = { 'x-forwarded-for': '203.0.113.7' };

let place: Awaited<ReturnType<typeof openWiredPlace>>;
beforeAll(async () => {
  place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }), {
    env: { METRICS_TOKEN: TOKEN, JANITOR_SECONDS: '1', MAX_OPEN_UPLOADS: '1000' },
  });
});
afterAll(() => place?.stop());

const ask = (headers: Record<string, string> = {}) => fetch(`${place.server.url}/metrics`, { headers });

/** Every figure by its name and labels, as Prometheus reads them. */
async function scrape(): Promise<Record<string, number>> {
  const response = await ask();
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^text\/plain; version=0\.0\.4/),
  ]);
  const lines = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([a-z_]+(?:\{(?:[a-z]+="[^"\\]*",?)+\})?) (\S+)$/.exec(line) ?? [];
      return [name ?? `not a sample: ${line}`, Number(value)];
    }),
  );
}

test('the figures are those of what was done', async () => {
  const before = await scrape();
  const kept = await sendFile(place);
  const done = await sendFile(place);
  granted(await done.complete());
  granted(await done.complete());
  const cancelled = await sendFile(place);
  granted(await place.api.call('abort', { resumeToken: cancelled.resumeToken }));
  granted(await place.api.call('abort', { resumeToken: cancelled.resumeToken }));
  const wrong = await sendFile(place);
  expect((await place.api.call('complete', { ...wrong.wish, objectDigest: `${'0'.repeat(32)}-3` })).status).toBe(409);
  granted(await place.api.call('pause', { resumeToken: kept.resumeToken }));
  await fetch(`${place.api.url}${BASE_PATH}/init`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com' },
  });
  await fetch(`${place.api.url}${BASE_PATH}/${TOKEN}`);
  const after = await scrape();
  const more = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);

  expect(more('partway_requests_total{call="init",status="200"}')).toBe(4);
  expect(more('partway_requests_total{call="complete",status="200"}')).toBe(2);
  expect(more('partway_requests_total{call="complete",status="409"}')).toBe(1);
  expect(more('partway_requests_total{call="preflight",status="204"}')).toBe(1);
  expect(more('partway_requests_total{call="none",status="404"}')).toBe(1);
  expect(more('partway_request_seconds_count{call="init"}')).toBe(4);
  expect(more('partway_request_seconds_bucket{le="+Inf",call="init"}')).toBe(4);
  expect(more('partway_request_seconds_sum{call="init"}')).toBeGreaterThan(0);
  expect(more('partway_urls_signed_total')).toBe(12);
  expect(more('partway_sign_seconds_count')).toBe(4);
  expect(more('partway_sessions_ended_total{status="completed"}')).toBe(1);
  expect(more('partway_sessions_ended_total{status="aborted"}')).toBe(1);
  expect(more('partway_sessions_ended_total{status="failed"}')).toBe(1);
  expect(more('partway_bytes_verified_total')).toBe(done.bytes.length);
  expect(after).toMatchObject({ 'partway_up{name="database"}': 1, 'partway_up{name="S3"}': 1 });
  expect(after.process_resident_memory_bytes!).toBeGreaterThan(2 ** 20);
  expect(Math.abs(after.process_start_time_seconds! * 1000 - Date.now())).toBeLessThan(600_000);
  expect(after.partway_event_loop_lag_seconds!).toBeGreaterThanOrEqual(0);
  // Nothing that a caller has chosen is a label.
  expect(Object.keys(after).join('\n')).not.toMatch(/dev|film|mpu_|multipart|monitors/);
});

test('open sessions are counted, whoever’s they are, and what the janitor does', async () => {
  const opened = await sendFile(place);
  granted(await place.api.call('pause', { resumeToken: opened.resumeToken }));
  const admin = adminUrl(place.server.dataDir);
  const counted = () =>
    query(admin, async (sql) => {
      const rows = await sql`select status, count(*)::integer as n from multipart_uploads group by status`;
      return Object.fromEntries(rows.map(({ status, n }) => [status, n as number]));
    });
  await query(admin, async (sql) => {
    await sql`update multipart_uploads set user_id = 'somebody else' where id = ${opened.sessionId}`;
    await sql`update multipart_uploads set expires_at = now() where id = ${(await sendFile(place)).sessionId}`;
  });
  for (;;) {
    const figures = await scrape();
    if (figures['partway_janitor_total{work="overdue"}'] !== 1) {
      await Bun.sleep(100);
      continue;
    }
    const { active = 0, paused = 0 } = await counted();
    const told = (status: string) => figures[`partway_sessions{status="${status}"}`];
    // What is told may be 15 s old.
    if (told('active') === active && told('paused') === paused) {
      expect([paused > 0, told('completing')]).toEqual([true, 0]);
      break;
    }
    await Bun.sleep(500);
  }
});

test('they are for programs of this machine and for whoever has the token', async () => {
  const statuses: [Record<string, string>, number][] = [
    [{}, 200],
    [AFAR, 404],
    [{ forwarded: 'for=203.0.113.7' }, 404],
    [{ host: 'uploads.example.com' }, 404],
    [{ ...AFAR, authorization: `Bearer ${TOKEN}` }, 200],
    [{ ...AFAR, authorization: `Bearer ${TOKEN}x` }, 404],
    [{ ...AFAR, authorization: 'Bearer' }, 404],
    [{ ...AFAR, authorization: `Basic ${TOKEN}` }, 404],
  ];
  for (const [headers, status] of statuses) expect([headers, (await ask(headers)).status]).toEqual([headers, status]);
  const refused = await ask(AFAR);
  const elsewhere = await fetch(`${place.server.url}/nothing`, { headers: AFAR });
  expect(await refused.json()).toEqual(await elsewhere.json());
});

test('a bucket or database that is away is told, and so is what failed', async () => {
  const undo = place.wire.answer(() => true, { status: 403, body: errorBody('AccessDenied') });
  expect((await place.api.call('init', { filename: 'a', fileSize: 1, contentType: 'a/b' })).status).toBe(502);
  while ((await scrape())['partway_up{name="S3"}'] !== 0) await Bun.sleep(50);
  expect(await scrape()).toMatchObject({
    'partway_up{name="database"}': 1,
    'partway_requests_total{call="init",status="502"}': 1,
  });
  undo();
  while ((await scrape())['partway_up{name="S3"}'] !== 1) await Bun.sleep(50);
});

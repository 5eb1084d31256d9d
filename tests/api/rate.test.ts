/** Who asks too often is told when to come back, and nobody else is. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { request } from 'node:http';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { apiAt, granted, told } from './client.ts';
import { gather, KEYS, type People, sha256 } from './people.ts';
import { ORIGIN } from './place.ts';
import { FILE } from './refusal.ts';
import { query } from './serve.ts';

setDefaultTimeout(180_000);

/** One in twenty seconds and three at once; one in six and ten at once. */
const [EACH, ADDRESS] = [3, 10];
const LIMITED: [number, string] = [429, 'RATE_LIMITED'];

let people: People;
let url: string;
beforeAll(async () => {
  people = await gather({ RATE_LIMIT: String(EACH), RATE_LIMIT_ADDRESS: String(ADDRESS) });
  ({ url } = people.place.server);
});
afterAll(() => people?.stop());

let senders = 0;
/** Seen by the proxy, which is the test on loopback, as an address that nobody had before. */
const fresh = () => ({ 'x-forwarded-for': `192.0.2.${++senders}` });
const list = (headers: Record<string, string>) => apiAt(url, { ...fresh(), ...headers }).list();

async function newKey(): Promise<string> {
  const key = `mpk_${crypto.randomUUID()}`;
  await query(
    people.database.url,
    (sql) => sql`insert into api_keys (user_id, key_hash) values ('carl', ${sha256(key)})`,
  );
  return key;
}

test('a credential may so much, from whatever address; another one is not touched', async () => {
  for (let n = 0; n < EACH; n++) expect((await list({ 'x-api-key': KEYS.anna })).status).toBe(200);
  const refused = await list({ authorization: `Bearer ${KEYS.anna}` });
  expect([...told(refused), refused.retryAfter]).toEqual([...LIMITED, expect.any(Number)]);
  expect(refused.retryAfter!).toBeGreaterThan(10);
  expect(refused.retryAfter!).toBeLessThanOrEqual(20);
  expect(refused.body.message!).toMatch(/^Too many requests with this credential; ask again in \d+ s\.$/);
  expect((await list({ 'x-api-key': KEYS.bert })).status).toBe(200);
  // Nearly the same credential is not the same.
  expect((await list({ 'x-api-key': `${KEYS.anna}x` })).status).toBe(401);
});

test('wrong credentials use up the address, not the credential of somebody else', async () => {
  const at = fresh();
  for (let n = 0; n < ADDRESS; n++) expect((await list({ ...at, 'x-api-key': `mpk_guess-${n}` })).status).toBe(401);
  expect(told(await list({ ...at, 'x-api-key': 'mpk_guess-more' }))).toEqual(LIMITED);
  const refused = await list(at);
  expect([...told(refused), refused.body.message!]).toEqual([...LIMITED, expect.stringMatching(/from this address/)]);
  expect((await list({ 'x-api-key': 'mpk_guess-more' })).status).toBe(401);
});

test('what the caller puts before the proxy’s own word makes nobody another one, and a /64 is one', async () => {
  const eleven = (address: (n: number) => string) =>
    Promise.all(Array.from({ length: ADDRESS + 1 }, (_, n) => list({ 'x-forwarded-for': address(n) })));
  const limited = async (address: (n: number) => string) =>
    (await eleven(address)).filter(({ status }) => status === 429).length;
  expect(await limited((n) => `203.0.113.${n}, 198.51.100.1`)).toBe(1);
  expect(await limited((n) => `203.0.113.${n}, 198.51.100.2, 127.0.0.1`)).toBe(1);
  expect(await limited((n) => `2001:db8::${n}`)).toBe(1);
  expect(await limited((n) => `2001:db8:0:${n + 1}::1`)).toBe(0);
});

test('a resume token may so much, from whatever address', async () => {
  const { resumeToken } = granted(await apiAt(url).call('init', FILE, { ...fresh(), 'x-api-key': await newKey() }));
  for (let n = 0; n < EACH; n++) granted(await apiAt(url, fresh()).call('sign', { resumeToken, parts: [] }));
  for (const refused of [
    await apiAt(url, fresh()).call('sign', { resumeToken, parts: [] }),
    await apiAt(url).progress(resumeToken, fresh()),
  ])
    expect([...told(refused), refused.retryAfter]).toEqual([...LIMITED, expect.any(Number)]);
});

test('a page of an allowed origin can read the refusal, and when to come back', async () => {
  const at = { ...fresh(), origin: ORIGIN };
  const ask = () => fetch(url + BASE_PATH, { headers: at });
  for (let n = 0; n < ADDRESS; n++) await ask();
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const preflight = await fetch(`${url}${BASE_PATH}/init`, {
    method: 'OPTIONS',
    headers: { ...at, 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(204);
});

// Last: the database goes.
test('is refused before the database is asked and the body has come', async () => {
  const at = fresh();
  for (let n = 0; n < ADDRESS; n++) await list(at);
  await people.database.stop();
  const begun = request(`${url}${BASE_PATH}/init`, {
    method: 'POST',
    headers: { ...at, 'x-api-key': KEYS.anna, 'content-type': 'application/json', 'content-length': 1000 },
  });
  begun.flushHeaders();
  const [refused] = await once(begun, 'response');
  expect(refused.statusCode).toBe(429);
  begun.destroy();
  expect((await list({ 'x-api-key': 'mpk_other' })).status).toBe(503);
});

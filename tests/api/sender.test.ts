/** Whose request it is that an app passes on, and when whoever asked too often is let in again. */

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { Hono } from 'hono';
import { BASE_PATH, createApp } from '../../server/index.ts';
import { parseRange } from '../../server/rate/address.ts';
import { openGate } from '../../server/rate/gate.ts';
import { openHost } from './host.ts';

setDefaultTimeout(180_000);

let host: Awaited<ReturnType<typeof openHost>>;
let now: number;
let app: Hono;
beforeAll(async () => {
  host = await openHost();
});
beforeEach(() => {
  now = Date.now();
  const gate = openGate({ credential: 4, address: 2, trustedProxies: [parseRange('10.0.0.0/8')!] });
  const uploads = createApp({ ...host.deps, gate, clock: () => new Date(now) });
  app = new Hono().route('/', uploads).mount('/mounted', uploads.fetch);
});
afterAll(() => host?.stop());

/** Statuses of so many requests in a row; 401 is whoever is let in and has no credential. */
async function statuses(count: number, env: object | undefined, { path = '', headers = {} } = {}): Promise<number[]> {
  const answers: number[] = [];
  for (let n = 0; n < count; n++) answers.push((await app.request(path + BASE_PATH, { headers }, env as never)).status);
  return answers;
}

const told = {
  'remoteAddress in the second argument': (address: string) => ({ remoteAddress: address }),
  '@hono/node-server': (address: string) => ({ incoming: { socket: { remoteAddress: address } } }),
  'Deno.serve': (address: string) => ({ remoteAddr: { transport: 'tcp', hostname: address, port: 1 } }),
  'Bun.serve': (address: string) => ({ requestIP: () => ({ address }) }),
};
for (const [way, env] of Object.entries(told))
  test(`by ${way} each address is counted, also where the app is mounted`, async () => {
    expect(await statuses(3, env('9.9.9.9'))).toEqual([401, 401, 429]);
    expect(await statuses(1, env('9.9.9.9'), { path: '/mounted' })).toEqual([429]);
    expect(await statuses(1, env('::ffff:9.9.9.9'))).toEqual([429]);
    expect(await statuses(1, env('9.9.9.8'))).toEqual([401]);
  });

test('behind a proxy that is believed it is the address that the proxy saw, and behind no other', async () => {
  const by = (forwarded: string) => ({ headers: { 'x-forwarded-for': forwarded } });
  const proxy = { remoteAddress: '10.1.2.3' };
  expect(await statuses(3, proxy, by('8.8.8.8'))).toEqual([401, 401, 429]);
  expect(await statuses(1, proxy, by('8.8.8.9'))).toEqual([401]);
  const stranger = { remoteAddress: '11.1.2.3' };
  expect(await statuses(2, stranger, by('7.7.7.7'))).toEqual([401, 401]);
  expect(await statuses(1, stranger, by('7.7.7.8'))).toEqual([429]);
});

test('where nobody tells the address only the credential is counted', async () => {
  for (const env of [undefined, {}, { remoteAddress: '' }, { requestIP: () => null }])
    expect(await statuses(5, env, { headers: { 'x-forwarded-for': '1.1.1.1' } })).toEqual(Array(5).fill(401));
  expect(await statuses(5, {}, { headers: { 'x-api-key': 'mpk_guess' } })).toEqual([401, 401, 401, 401, 429]);
});

test('whoever waits as long as it is told is let in, and not a second earlier than a second before', async () => {
  const env = { remoteAddress: '9.9.9.9' };
  await statuses(2, env);
  const refused = await app.request(BASE_PATH, {}, env as never);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
  now += 29_000;
  const again = await app.request(BASE_PATH, {}, env as never);
  expect([again.status, again.headers.get('retry-after')]).toEqual([429, '1']);
  now += 1000;
  expect(await statuses(2, env)).toEqual([401, 429]);
});

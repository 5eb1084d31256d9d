/** JWTs in an app that has a sign-in of its own, and at a clock that the test sets. */

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { apiAt, told } from './client.ts';
import { openHost, serveUploads } from './host.ts';
import { type Issuer, startIssuer } from './issuer.ts';

setDefaultTimeout(180_000);

const MINUTE = 60_000;
let issuer: Issuer;
let host: Awaited<ReturnType<typeof openHost>>;
let served: Awaited<ReturnType<typeof serveUploads>>;
let now: number;
let hooked: (string | null)[];
beforeAll(async () => {
  issuer = await startIssuer();
});
beforeEach(async () => {
  now = Date.now();
  hooked = [];
  host ??= await openHost(
    {
      authenticate: ({ headers }) => {
        hooked.push(headers.get('authorization'));
        return /anna/.exec(`${headers.get('authorization')} ${headers.get('cookie')}`)?.[0];
      },
    },
    { JWKS_URL: issuer.url },
  );
  served ??= await serveUploads({ ...host.deps, clock: () => new Date(now) });
});
afterAll(async () => {
  await served?.stop();
  await host?.stop();
  await issuer?.stop();
});

const asks = (headers: Record<string, string>) => apiAt(served.url, headers).list();
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
/** Lives for a day of the test's clock. */
const tokenOf = (sub: string, alg?: 'ES256') => issuer.sign({ sub, exp: now / 1000 + 86_400 }, alg);

test('a bearer that is a JWT is judged by its signature, and everything else by the app', async () => {
  const token = await tokenOf('anna');
  expect((await asks(bearer(token))).status).toBe(200);
  expect(told(await asks(bearer(`${token}x`)))).toEqual([401, 'UNAUTHENTICATED']);
  expect(told(await asks({ ...bearer('a.b.c'), cookie: 'anna' }))).toEqual([401, 'UNAUTHENTICATED']);
  expect(hooked).toEqual([]);
  expect((await asks(bearer('anna'))).status).toBe(200);
  expect((await asks({ cookie: 'anna' })).status).toBe(200);
  expect((await asks({})).status).toBe(401);
  expect(hooked).toEqual(['Bearer anna', null, null]);
});

test('a token ends by the server’s own clock', async () => {
  const token = await tokenOf('anna');
  now += 86_400_000 - MINUTE;
  expect((await asks(bearer(token))).status).toBe(200);
  now += 2 * MINUTE;
  const answer = await asks(bearer(token));
  expect([...told(answer), answer.body.message!]).toEqual([401, 'UNAUTHENTICATED', expect.stringMatching(/expired/)]);
});

test('keys are read once for many requests, and a key that was taken back is good for ten minutes at most', async () => {
  now += 2 * 86_400_000;
  const token = await tokenOf('anna');
  const asked = issuer.asked();
  const answers = await Promise.all(Array.from({ length: 20 }, () => asks(bearer(token))));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(issuer.asked()).toBe(asked + 1);
  await issuer.rotate();
  now += 9 * MINUTE;
  expect((await asks(bearer(token))).status).toBe(200);
  now += 2 * MINUTE;
  expect(told(await asks(bearer(token)))).toEqual([401, 'UNAUTHENTICATED']);
});

test('nobody with a known key waits for an issuer that is silent, and it is not asked at every request', async () => {
  now += 3 * 86_400_000;
  const token = await tokenOf('anna');
  expect((await asks(bearer(token))).status).toBe(200);
  now += 11 * MINUTE;
  issuer.feel('silent');
  try {
    // The first finds out.
    expect((await asks(bearer(token))).status).toBe(200);
    const asked = issuer.asked();
    for (let n = 0; n < 50; n++) {
      now += 1000;
      expect((await asks(bearer(token))).status).toBe(200);
    }
    expect(issuer.asked() - asked).toBeLessThanOrEqual(1);
    const unknown = await issuer.sign({ sub: 'anna' }, 'RS256', { ...issuer.keys()[0]!, kid: crypto.randomUUID() });
    const refused = await asks(bearer(unknown));
    expect([...told(refused), refused.retryAfter]).toEqual([503, 'IDENTITY_UNAVAILABLE', 5]);
  } finally {
    issuer.feel('up');
  }
});

test('invented keys make the issuer be asked a few times a minute, and no more', async () => {
  now += 4 * 86_400_000;
  expect((await asks(bearer(await tokenOf('anna', 'ES256')))).status).toBe(200);
  const asked = issuer.asked();
  for (let n = 0; n < 40; n++) {
    const key = { ...issuer.keys()[0]!, kid: crypto.randomUUID() };
    const token = await issuer.sign({ sub: 'anna', exp: now / 1000 + 3600 }, 'RS256', key);
    expect(told(await asks(bearer(token)))).toEqual([401, 'UNAUTHENTICATED']);
  }
  expect(issuer.asked() - asked).toBeLessThanOrEqual(6);
  now += 10_000;
  await issuer.rotate();
  expect((await asks(bearer(await tokenOf('anna', 'ES256')))).status).toBe(200);
});

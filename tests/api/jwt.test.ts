/** Tokens of an identity provider, beside API keys: by published keys, and by a shared secret. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import { embeddedStore, type TestStore } from '../store.ts';
import { apiAt, granted, putAll, random, told } from './client.ts';
import { type Issuer, inAnHour, startIssuer } from './issuer.ts';
import { expectObject, openPlace, type Place } from './place.ts';
import { FILE } from './refusal.ts';
import { serveDatabase, type TestDatabase } from './serve.ts';

setDefaultTimeout(180_000);

const ISS = 'https://id.example.com/';
const AUD = 'uploads';
const SECRET = 'a shared secret of 32 characters';

let database: TestDatabase;
let store: TestStore;
let issuer: Issuer;
/** Trusts the issuer's keys, and the shared secret. */
let published: Place;
let shared: Place;
beforeAll(async () => {
  [database, store, issuer] = await Promise.all([
    serveDatabase(),
    embeddedStore({ smallestPart: 1024 }),
    startIssuer(),
  ]);
  const at = (env: Record<string, string>) =>
    openPlace(store, { kept: true, env: { DATABASE_URL: database.url, ...env } });
  [published, shared] = await Promise.all([
    at({ JWKS_URL: issuer.url, JWT_ISSUER: ISS, JWT_AUDIENCE: AUD }),
    at({ JWT_SECRET: SECRET }),
  ]);
});
afterAll(async () => {
  await Promise.all([published?.stop(), shared?.stop()]);
  await Promise.all([issuer?.stop(), store?.stop(), database?.stop()]);
});

const by = (token: string, { server } = published) => apiAt(server.url, { authorization: `Bearer ${token}` });
const asks = (token: string, place = published) => by(token, place).list();
const ANNA = { sub: 'anna', iss: ISS, aud: AUD };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** By hand, as no library would make it. */
function forged(header: object, claims: JWTPayload, secret: string | Buffer): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Refused as unauthenticated, in a sentence that holds nothing of the token. */
async function expectRefused(token: string, words: RegExp, place = published): Promise<void> {
  for (const answer of [await asks(token, place), await by(token, place).call('init', FILE)]) {
    expect([token, ...told(answer), answer.body.message!]).toEqual([
      token,
      401,
      'UNAUTHENTICATED',
      expect.stringMatching(words),
    ]);
    for (const piece of token.split('.').filter((each) => each.length > 8))
      expect(answer.body.message!).not.toContain(piece);
  }
}

describe('a token signed with a published key', () => {
  for (const alg of ['RS256', 'ES256'] as const)
    test(`by ${alg} stands for its sub, who uploads, lists, gives grants and claims`, async () => {
      const sub = `anna ${alg} ☃`;
      const api = by(await issuer.sign({ ...ANNA, sub, aud: ['other', AUD] }, alg));
      const bytes = random(1500);
      const { partUrls, resumeToken, fileKey, sessionId } = await api.begin({ size: bytes.length });
      expect(granted(await api.list()).uploads.map(({ id }) => id)).toEqual([sessionId]);
      const claimed = granted(await api.call('claim', { sessionId }));
      expect(told(await api.call('resume', { resumeToken }, {}))).toEqual([404, 'UPLOAD_NOT_FOUND']);
      const { grant } = granted(await api.call('grant', {}));
      await by(grant).begin({ size: 10 });
      expect(granted(await api.list()).uploads).toHaveLength(2);
      await putAll(partUrls, bytes);
      granted(await api.call('complete', { resumeToken: claimed.resumeToken }));
      await expectObject(published, fileKey, bytes);
    });

  test('is no way to another user’s uploads', async () => {
    const { resumeToken, sessionId } = await by(await issuer.sign(ANNA)).begin({ size: 10 });
    const bert = by(await issuer.sign({ ...ANNA, sub: 'bert' }));
    expect(granted(await bert.list()).uploads).toEqual([]);
    expect(told(await bert.call('claim', { sessionId }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(told(await bert.call('resume', { resumeToken }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
  });

  test('that has expired, or is not valid yet, is refused and says so', async () => {
    const now = inAnHour() - 3600;
    await expectRefused(await issuer.sign({ ...ANNA, exp: now - 60 }), /expired; sign in again/);
    await expectRefused(await issuer.sign({ ...ANNA, nbf: now + 60 }), /not valid yet/);
    expect((await asks(await issuer.sign({ ...ANNA, nbf: now - 1 }))).status).toBe(200);
  });

  test('of another issuer or audience, or without either, is refused', async () => {
    const { iss, aud, ...bare } = ANNA;
    await expectRefused(await issuer.sign({ ...ANNA, iss: ISS.slice(0, -1) }), /another issuer/);
    await expectRefused(await issuer.sign({ ...ANNA, aud: ['other'] }), /another audience/);
    await expectRefused(await issuer.sign({ ...bare, aud }), /lacks the claim "iss"/);
    await expectRefused(await issuer.sign({ ...bare, iss }), /lacks the claim "aud"/);
  });

  test('without an end, or without a user that can be one, is refused', async () => {
    const { sub, ...nobody } = ANNA;
    await expectRefused(await issuer.sign({ ...ANNA, exp: undefined } as JWTPayload), /lacks the claim "exp"/);
    await expectRefused(await issuer.sign(nobody), /lacks the claim "sub"/);
    for (const wrong of ['', 'x'.repeat(256), 'a\0b', '\ud800', 7, null, ['anna'], { sub }])
      await expectRefused(await issuer.sign({ ...ANNA, sub: wrong as string }), /"sub"/);
    expect((await asks(await issuer.sign({ ...ANNA, sub: 'x'.repeat(255) }))).status).toBe(200);
  });

  test('that was changed, or was signed by somebody else under the same key id, is refused', async () => {
    const [header, , signature] = (await issuer.sign(ANNA)).split('.');
    const bert = part({ ...ANNA, sub: 'bert', exp: inAnHour() });
    await expectRefused(`${header}.${bert}.${signature}`, /signature/);
    const { privateKey } = await generateKeyPair('RS256');
    const stranger = { ...issuer.keys()[0]!, privateKey };
    await expectRefused(await issuer.sign(ANNA, 'RS256', stranger), /signature/);
  });

  test('is not one that says “none”, or takes the public key for a shared secret', async () => {
    const { jwk, kid } = issuer.keys()[0]!;
    const claims = { ...ANNA, exp: inAnHour() };
    for (const alg of ['none', 'None', 'NONE'])
      for (const signature of ['', 'AAAA'])
        await expectRefused(`${part({ alg, kid })}.${part(claims)}.${signature}`, /RS256 or ES256|JWT/);
    const pem = await exportSPKI((await importJWK(jwk, 'RS256')) as CryptoKey);
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), Buffer.from(jwk.n!, 'base64url'), ''])
      for (const header of [{ alg: 'HS256', kid }, { alg: 'HS256' }])
        await expectRefused(forged(header, claims, secret || 'x'), /RS256 or ES256/);
  });

  test('does not choose where its key is read, and its key is not taken from itself', async () => {
    const stranger = await startIssuer();
    try {
      const { jwk, privateKey, kid } = stranger.keys()[0]!;
      for (const more of [{ jku: stranger.url }, { jwk }, { x5u: stranger.url }, { jku: stranger.url, jwk, kid }])
        for (const id of [kid, issuer.keys()[0]!.kid]) {
          const token = await new SignJWT({ ...ANNA, exp: inAnHour() })
            .setProtectedHeader({ alg: 'RS256', kid: id, ...more })
            .sign(privateKey);
          await expectRefused(token, /signature|not known/);
        }
      expect(stranger.asked()).toBe(0);
    } finally {
      await stranger.stop();
    }
  });

  test('is misshapen in no way that is not refused', async () => {
    const good = await issuer.sign(ANNA);
    const [header, claims, signature] = good.split('.') as [string, string, string];
    const made = [
      'x',
      'x.y.z',
      '..',
      `${header}.${claims}`,
      `${good}.x`,
      `${header}.${claims}.`,
      `.${claims}.${signature}`,
      `${header}.e30.${signature}`,
      `${part({ alg: 'RS256', kid: issuer.keys()[0]!.kid, crit: ['x'], x: 1 })}.${claims}.${signature}`,
      `${part({ alg: 'RS256', kid: 7 })}.${claims}.${signature}`,
      `${part({ alg: ['RS256'] })}.${claims}.${signature}`,
      `${part([])}.${claims}.${signature}`,
      `${Buffer.from('{"alg":').toString('base64url')}.${claims}.${signature}`,
    ];
    for (const token of made) await expectRefused(token, /./);
  });

  test('is a bearer only, and takes nothing from API keys', async () => {
    const token = await issuer.sign(ANNA);
    const list = (headers: Record<string, string>) => published.api.list({}, headers);
    expect(told(await list({ 'x-api-key': token }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(told(await list({ 'x-api-key': 'mpk_guess', authorization: `Bearer ${token}` }))[0]).toBe(401);
    expect(told(await list({ authorization: 'Bearer mpk_guess' }))[0]).toBe(401);
    expect((await list({ 'x-api-key': '', authorization: `bearer  ${token}` })).status).toBe(200);
    expect((await list({ 'x-api-key': 'dev' })).status).toBe(200);
  });
});

describe('a token signed with the shared secret', () => {
  const claims = () => ({ sub: 'anna', exp: inAnHour() });

  test('stands for its sub; any issuer and audience will do where none is configured', async () => {
    const token = forged({ alg: 'HS256', kid: 'any' }, { ...claims(), sub: 'carl', iss: 'x', aud: 'y' }, SECRET);
    const { sessionId } = await by(token, shared).begin({ size: 10 });
    expect(granted(await asks(token, shared)).uploads.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('has to be signed with it, by HS256', async () => {
    await expectRefused(forged({ alg: 'HS256' }, claims(), `${SECRET}!`), /signature/, shared);
    await expectRefused(forged({ alg: 'HS512' }, claims(), SECRET), /HS256/, shared);
    await expectRefused(`${part({ alg: 'none' })}.${part(claims())}.`, /HS256|JWT/, shared);
    await expectRefused(await issuer.sign(claims()), /HS256/, shared);
    await expectRefused(forged({ alg: 'HS256' }, { ...claims(), exp: 1 }, SECRET), /expired/, shared);
    await expectRefused(forged({ alg: 'HS256' }, { sub: 'anna' }, SECRET), /"exp"/, shared);
    expect(issuer.asked()).toBeLessThan(10);
  });
});

// Last: the issuer changes.
test('keys that are rotated are found at once, those taken back end, and the issuer is not flooded', async () => {
  const before = await issuer.sign(ANNA);
  expect((await asks(before)).status).toBe(200);
  await issuer.rotate();
  const after = await issuer.sign(ANNA);
  // What other tests looked up may have used up the look-ups of this minute.
  let answer = await asks(after);
  while (answer.status === 401) {
    await Bun.sleep(500);
    answer = await asks(after);
  }
  expect(answer.status).toBe(200);
  await expectRefused(before, /not known/);
  const asked = issuer.asked();
  for (let n = 0; n < 30; n++) {
    const token = await issuer.sign(ANNA, 'RS256', { ...issuer.keys()[0]!, kid: crypto.randomUUID() });
    expect(told(await asks(token))).toEqual([401, 'UNAUTHENTICATED']);
  }
  expect(issuer.asked() - asked).toBeLessThan(20);
});

test('while the issuer is down known keys go on working, and a new server says when to ask again', async () => {
  const token = await issuer.sign(ANNA, 'ES256');
  expect((await asks(token)).status).toBe(200);
  for (const mood of ['broken', 'nonsense', 'elsewhere'] as const) {
    issuer.feel(mood);
    const fresh = await openPlace(store, { kept: true, env: { DATABASE_URL: database.url, JWKS_URL: issuer.url } });
    try {
      expect((await asks(token)).status).toBe(200);
      const refused = await asks(token, fresh);
      expect([mood, ...told(refused), refused.retryAfter]).toEqual([mood, 503, 'IDENTITY_UNAVAILABLE', 5]);
      expect(fresh.server.output()).not.toContain(token.split('.')[2]!);
      expect((await fresh.api.list()).status).toBe(200);
      issuer.feel('up');
      expect((await asks(token, fresh)).status).toBe(200);
    } finally {
      issuer.feel('up');
      await fresh.stop();
    }
  }
});

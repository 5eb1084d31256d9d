/** `authenticate`: the app's own sessions, by cookie or token. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Api, apiAt, granted } from './client.ts';
import { openHost, serveUploads } from './host.ts';
import { counts, ORIGIN } from './place.ts';
import { FILE } from './refusal.ts';

setDefaultTimeout(180_000);

let host: Awaited<ReturnType<typeof openHost>>;
let served: Awaited<ReturnType<typeof serveUploads>>;
let anna: Api;
const seen: Request[] = [];
const cookie = (user: string) => ({ cookie: `user=${user}` });

beforeAll(async () => {
  host = await openHost({
    authenticate: (request) => {
      seen.push(request);
      if (request.headers.get('cookie') === 'user=broken') throw new Error('the session store is away');
      return /user=(\w+)/.exec(request.headers.get('cookie') ?? request.headers.get('authorization') ?? '')?.[1];
    },
  });
  served = await serveUploads(host.deps);
  anna = apiAt(served.url, cookie('anna'));
});
afterAll(async () => {
  await served?.stop();
  await host?.stop();
});

const begins = (headers: Record<string, string>) => apiAt(served.url, headers).call('init', FILE);

test('whoever is signed in begins uploads, finds them again, and nobody else does', async () => {
  const begun = await anna.begin({ size: 2500 });
  const list = (user: string) =>
    fetch(`${served.url}/api/v1/upload/multipart`, { headers: cookie(user) }).then((r) => r.json());
  expect((await list('anna')).uploads.map(({ id }: { id: string }) => id)).toEqual([begun.sessionId]);
  expect((await list('bert')).uploads).toEqual([]);
  expect(seen[0]!.body).toBeNull();
});

test('a token of the app’s own in Authorization will do as well', async () => {
  expect((await begins({ authorization: 'Bearer user=anna' })).status).toBe(200);
});

test('nobody signed in, and a page of another origin, begin nothing; the app’s own pages do', async () => {
  const before = await counts(host);
  for (const headers of [
    {},
    cookie(''),
    { ...cookie('anna'), origin: 'https://evil.example' },
    { ...cookie('anna'), 'sec-fetch-site': 'cross-site' },
  ])
    expect(await begins(headers)).toMatchObject({ status: 401, body: { error: 'UNAUTHENTICATED' } });
  expect(await counts(host)).toEqual(before);
  for (const origin of [ORIGIN, served.url]) expect((await begins({ ...cookie('anna'), origin })).status).toBe(200);
});

test('a page of an allowed origin may send its cookies', async () => {
  const preflight = await fetch(`${served.url}/api/v1/upload/multipart/init`, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
});

test('keys and grants go on to work beside it, and a grant is its giver’s', async () => {
  expect((await begins({ 'x-api-key': 'dev' })).status).toBe(200);
  expect((await begins({ 'x-api-key': 'mpk_unknown', ...cookie('anna') })).status).toBe(401);
  const { grant } = granted(await anna.call('grant', {}));
  const begun = await apiAt(served.url, { authorization: `Bearer ${grant}` }).begin({ size: 2500 });
  const list = await fetch(`${served.url}/api/v1/upload/multipart`, { headers: cookie('anna') });
  expect(JSON.stringify(await list.json())).toContain(begun.sessionId);
});

test('a resume token needs no session, and goes on though somebody else has signed in', async () => {
  const { resumeToken } = await anna.begin({ size: 2500 });
  for (const headers of [{}, cookie('bert')])
    expect((await apiAt(served.url, headers).call('resume', { resumeToken })).status).toBe(200);
  expect((await apiAt(served.url, { authorization: 'Bearer user=bert' }).call('resume', { resumeToken })).status).toBe(
    404,
  );
});

test('where the app’s own check breaks down nothing is begun, and the log says so', async () => {
  host.logged.length = 0;
  expect(await begins(cookie('broken'))).toMatchObject({ status: 500, body: { error: 'MULTIPART_INIT_FAILED' } });
  expect(JSON.stringify(host.logged)).toContain('the session store is away');
});

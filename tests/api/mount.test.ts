/** Inside somebody else's app: uploads work under any path, and nothing else there is touched. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { Hono } from 'hono';
import { BASE_PATH, createApp } from '../../server/index.ts';
import { apiAt, granted, putAll, random } from './client.ts';
import { openHost, serveApp } from './host.ts';
import { expectObject, ORIGIN } from './place.ts';
import { refusal } from './refusal.ts';

setDefaultTimeout(180_000);

/** Where the app was asked who it is, and what it was shown. */
const asked: string[] = [];
let host: Awaited<ReturnType<typeof openHost>>;
beforeAll(async () => {
  host = await openHost({
    beforeInit: ({ filename }) => (filename === 'refused.bin' ? { refuse: 'Not this one.' } : undefined),
    authenticate: ({ url, headers }) => {
      asked.push(`${new URL(url).pathname} ${headers.get('cookie')}`);
      return headers.get('cookie') ? 'anna' : undefined;
    },
  });
});
afterAll(() => host?.stop());

/** Pages, an API, an address that fails, and words of its own for all else. */
function somebodysApp(): Hono {
  const app = new Hono();
  app.get('/', (context) => context.html('<h1>Mine</h1>'));
  app.get('/api/v1/orders', (context) => context.json({ orders: [] }));
  app.get('/api/v1/upload/other', (context) => context.text('another upload'));
  app.get('/broken', () => {
    throw new Error('mine to tell');
  });
  app.notFound((context) => context.text('no such page of mine', 404));
  app.onError((error, context) => context.text(`sorry: ${error.message}`, 500));
  return app;
}

const WAYS: Record<string, [prefix: string, embed: (app: Hono) => Hono]> = {
  'by route at the root': ['', (app) => app.route('/', createApp(host.deps))],
  'by route under a path': ['/files', (app) => app.route('/files', createApp(host.deps))],
  'by route under a deep path, before its own routes': ['/a/b-c', (app) => app.route('/a/b-c', createApp(host.deps))],
  'by mount': ['/files', (app) => app.mount('/files', createApp(host.deps).fetch)],
};

for (const [way, [prefix, embed]] of Object.entries(WAYS))
  describe(way, () => {
    let url: string;
    let stop: () => Promise<void>;
    beforeAll(async () => {
      const app = way.includes('before') ? embed(new Hono()).route('/', somebodysApp()) : embed(somebodysApp());
      ({ url, stop } = await serveApp(app));
    });
    afterAll(() => stop?.());

    test('an upload arrives, and its owner sees it', async () => {
      const api = apiAt(url + prefix);
      const bytes = random(2500);
      const { partUrls, resumeToken, fileKey, sessionId } = await api.begin({ size: bytes.length });
      await putAll(partUrls, bytes);
      granted(await api.call('complete', { resumeToken }));
      await expectObject(host, fileKey, bytes);
      expect(granted(await api.progress(resumeToken)).status).toBe('completed');
      expect(granted(await api.list({ limit: '1' })).uploads[0]!.id).toBe(sessionId);
    });

    test('a batch is answered, with words of the app about each call in its place', async () => {
      const api = apiAt(url + prefix);
      const file = { filename: 'a.bin', fileSize: 10, contentType: 'a/b' };
      const [begun, refused] = await api.batch([
        { call: 'init', ...file },
        { call: 'init', ...file, filename: 'refused.bin' },
      ]);
      if (!begun.success) throw new Error(begun.message);
      expect([refused.status, refused.message]).toEqual([403, 'Not this one.']);
      const bytes = random(10);
      await putAll(begun.partUrls, bytes);
      const { resumeToken, fileKey } = begun;
      expect((await api.batch([{ call: 'complete', resumeToken }]))[0]).toMatchObject({ status: 200, fileKey });
      await expectObject(host, fileKey, bytes);
      // The app is asked who it is for the address that the call has alone.
      asked.length = 0;
      await api.batch([{ call: 'grant' }, { call: 'claim', fingerprint: 'none' }], { cookie: 'who=me' });
      const path = way === 'by mount' ? BASE_PATH : prefix + BASE_PATH;
      expect(asked.sort()).toEqual([`${path}/claim who=me`, `${path}/grant who=me`]);
    });

    test('within its own path it speaks in its own envelope, to its own origins', async () => {
      const at = (path: string, method = 'GET') =>
        fetch(`${url}${prefix}${BASE_PATH}${path}`, { method, headers: { origin: ORIGIN } });
      expect(await refusal(await at('/nothing'))).toEqual([404, 'NOT_FOUND']);
      expect(await refusal(await at('/nothing/deeper', 'DELETE'))).toEqual([404, 'NOT_FOUND']);
      expect(await refusal(await at('/init'))).toEqual([405, 'METHOD_NOT_ALLOWED']);
      expect(await refusal(await at('', 'PUT'))).toEqual([405, 'METHOD_NOT_ALLOWED']);
      expect(await refusal(await at('/init', 'POST'))).toEqual([401, 'UNAUTHENTICATED']);
      for (const [path, method] of [
        ['/init', 'OPTIONS'],
        ['/init', 'POST'],
        ['/nothing', 'GET'],
      ]) {
        const { headers } = await at(path!, method);
        expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      }
    });
  });

describe('the app around it', () => {
  /** All that a caller sees of an answer, but the time. */
  async function seen(url: string, path: string, method: string) {
    const response = await fetch(url + path, { method, headers: { origin: ORIGIN } });
    const headers = [...response.headers].filter(([name]) => name !== 'date');
    return { path, method, status: response.status, headers, body: await response.text() };
  }

  test('answers everything else as it did before', async () => {
    const before = await serveApp(somebodysApp());
    try {
      for (const [way, [, embed]] of Object.entries(WAYS)) {
        const after = await serveApp(embed(somebodysApp()));
        try {
          const paths = [
            '/',
            '/api/v1/orders',
            '/api/v1/upload/other',
            '/api/v1/upload',
            '/broken',
            '/nothing',
            '/healthz',
          ];
          for (const path of way === 'by mount' ? paths : [...paths, '/files', '/files/x', `${BASE_PATH}s`])
            for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
              expect([way, await seen(after.url, path, method)]).toEqual([way, await seen(before.url, path, method)]);
        } finally {
          await after.stop();
        }
      }
    } finally {
      await before.stop();
    }
  });
});

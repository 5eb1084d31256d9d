/** Where a call comes from: the developer's own machine, pages of allowed origins and of others. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { request } from 'node:http';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { CALLS, READS } from './client.ts';
import { gather, KEYS, type People } from './people.ts';
import { ORIGIN } from './place.ts';
import { FILE } from './refusal.ts';
import { serve } from './serve.ts';

setDefaultTimeout(180_000);

let people: People;
let place: People['place'];
let database: People['database'];
beforeAll(async () => {
  people = await gather();
  ({ place, database } = people);
});
afterAll(() => people?.stop());

/** With headers that fetch does not let one set. */
function raw(url: string, headers: Record<string, string>): Promise<number> {
  const body = JSON.stringify(FILE);
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const asked = request(`${url}${BASE_PATH}/init`, options, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe('the key "dev"', () => {
  const dev = { 'x-api-key': 'dev' };

  test('works from this machine’s own programs and pages', async () => {
    const { port } = place.server;
    const local: Record<string, string>[] = [
      {},
      { host: `127.0.0.1:${port}` },
      { host: '[::1]:80' },
      { origin: `http://localhost:${port}` },
    ];
    for (const headers of local)
      expect([headers, await raw(place.server.url, { ...dev, ...headers })]).toEqual([headers, 200]);
  });

  test('does not from anywhere else', async () => {
    const { port } = place.server;
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { host: `localhost.evil.example:${port}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
      { forwarded: 'for=10.0.0.1' },
      { via: '1.1 proxy' },
      { 'x-real-ip': '127.0.0.1' },
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-forwarded-host': 'localhost' },
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-port': '443' },
      { 'cf-connecting-ip': '10.0.0.1' },
      { 'true-client-ip': '10.0.0.1' },
    ];
    const got = await Promise.all(
      foreign.map(async (headers) => [headers, await raw(place.server.url, { ...dev, ...headers })]),
    );
    expect(got).toEqual(foreign.map((headers) => [headers, 401]));
    for (const host of ['localhost@evil.example', 'evil.example#localhost', 'evil.example/localhost'])
      expect(await raw(place.server.url, { ...dev, host })).toBeGreaterThanOrEqual(400);
  });

  test('does not exist without --dev', async () => {
    const server = await serve({
      args: [],
      env: {
        HOST: '127.0.0.1',
        DATABASE_URL: database.url,
        PARTWAY_SECRET: 'x'.repeat(32),
        S3_ENDPOINT: place.store.endpoint,
        S3_ACCESS_KEY: place.store.accessKey,
        S3_SECRET_KEY: place.store.secretKey,
        S3_BUCKET: place.bucket,
      },
    });
    try {
      expect(await raw(server.url.replace('localhost', '127.0.0.1'), dev)).toBe(401);
      expect(await raw(server.url.replace('localhost', '127.0.0.1'), { 'x-api-key': KEYS.anna })).toBe(200);
      expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});

describe('pages', () => {
  const asked = ['authorization', 'content-type', 'idempotency-key', 'x-api-key', 'x-resume-token'];
  const preflight = (path: string, origin: string, method = 'POST') =>
    fetch(`${place.server.url}${BASE_PATH}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': asked.join(),
      },
    });
  const paths: [path: string, method: string][] = [
    ...CALLS.map((name): [string, string] => [`/${name}`, 'POST']),
    ...READS.map((path): [string, string] => [path, 'GET']),
  ];

  test('one of an allowed origin may call and read, Retry-After too', async () => {
    for (const [path, method] of paths) {
      const { status, headers } = await preflight(path, ORIGIN, method);
      expect(status).toBeLessThan(300);
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(headers.get('access-control-allow-methods')).toContain(method);
      for (const name of asked) expect(headers.get('access-control-allow-headers')).toContain(name);
      expect(headers.get('vary')?.toLowerCase()).toContain('origin');
    }
    for (const [path, method] of [...paths, ['/nothing-there', 'POST']] as [string, string][]) {
      const { headers } = await fetch(`${place.server.url}${BASE_PATH}${path}`, {
        method,
        headers: { origin: ORIGIN },
      });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(headers.get('access-control-expose-headers')?.toLowerCase()).toContain('retry-after');
    }
  });

  test('one of another origin gets no word that a browser would show it', async () => {
    for (const origin of [
      'https://evil.example',
      `${ORIGIN}.evil.example`,
      ORIGIN.replace('https', 'http'),
      'null',
      `${ORIGIN}:444`,
    ]) {
      for (const [path, method] of paths) {
        expect((await preflight(path, origin, method)).headers.get('access-control-allow-origin')).toBeNull();
        const { headers } = await fetch(`${place.server.url}${BASE_PATH}${path}`, {
          method,
          headers: { origin },
        });
        expect(headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  });

  test('credentials are never asked of a browser’s own jar', async () => {
    const { headers } = await preflight('/init', ORIGIN);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });
});

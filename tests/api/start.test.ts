/** A start that cannot succeed: one clear line, exit code 1, nothing left running. */

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../ports.ts';
import { run } from './run.ts';
import { makeFolder, removeFolder } from './serve.ts';

setDefaultTimeout(180_000);

/** It says `words` in a line of its own, and stops. */
async function expectRefused(words: RegExp, env: Record<string, string>, more: Parameters<typeof run>[1] = {}) {
  const { code, output, left } = await run(env, more);
  const complaints = output.split('\n').filter((line) => line && !/^(PostgreSQL|Bucket) {2,}/.test(line));
  expect(complaints).toEqual([expect.stringMatching(words)]);
  expect(output).not.toMatch(/^ +at |node:internal|\.ts:\d+/m);
  expect({ code, left }).toEqual({ code: 1, left: undefined });
}

/** Somebody else's, on a port of its own. */
async function occupied(work: (port: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    await work(String(port));
  } finally {
    server.close();
  }
}

describe('it cannot start', () => {
  test('on a port that is in use', () =>
    occupied((port) => expectRefused(new RegExp(`${port}.* in use.*PORT`), { PORT: port })));

  test('on a bucket’s port that is in use', () =>
    occupied((port) => expectRefused(new RegExp(`${port}.* in use.*BUCKET_PORT`), { BUCKET_PORT: port })));

  test('on an address that is not this machine’s', () => expectRefused(/HOST/, { HOST: '203.0.113.7' }));

  test('where a file is in the place of the folder', async () => {
    const folder = makeFolder();
    const file = join(folder, 'data');
    writeFileSync(file, 'in the way');
    try {
      await expectRefused(/DATA_DIR/, { DATA_DIR: file });
      await expectRefused(/DATA_DIR/, { DATA_DIR: file, PARTWAY_SECRET: 'x'.repeat(32) });
      await expectRefused(/DATA_DIR/, { DATA_DIR: join(file, 'below') });
      const inside = join(folder, 'inside');
      mkdirSync(inside);
      writeFileSync(join(inside, 'bucket'), 'in the way');
      await expectRefused(/DATA_DIR|bucket/, { DATA_DIR: inside });
    } finally {
      removeFolder(folder);
    }
  });

  test('without a database that answers', async () => {
    const port = await freePort();
    await expectRefused(/DATABASE_URL/, { DATABASE_URL: `postgres://me:hidden@127.0.0.1:${port}/x` });
    await occupied((port) =>
      expectRefused(/DATABASE_URL/, { DATABASE_URL: `postgres://me:hidden@127.0.0.1:${port}/x` }),
    );
    await expectRefused(/DATABASE_URL/, { DATABASE_URL: 'postgres://me:hidden@nowhere.invalid/x' });
  });

  const MALFORMED: [string, Record<string, string>][] = [
    ['PORT', { PORT: 'http' }],
    ['PORT', { PORT: '65536' }],
    ['PORT', { PORT: '-1' }],
    ['PORT', { PORT: '80.5' }],
    ['BUCKET_PORT', { BUCKET_PORT: '0x10' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://localhost/x' }],
    ['DATABASE_URL', { DATABASE_URL: 'localhost:5432' }],
    ['PUBLIC_BASE_URL', { PUBLIC_BASE_URL: 'cdn.example.com' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'https://app.example.com/' }],
    ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: '*' }],
    ['PART_DIGEST', { PART_DIGEST: 'sha256' }],
    ['DEFAULT_PROVIDER', { DEFAULT_PROVIDER: 'GCS' }],
    ['PARTWAY_SECRET', { PARTWAY_SECRET: 'short' }],
    ['S3_SECRET_KEY', { S3_ACCESS_KEY: 'a', S3_BUCKET: 'b' }],
    ['S3_ENDPOINT', { S3_ENDPOINT: 'minio:9000', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
    ['S3_PROFILE', { S3_PROFILE: 'minio', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
    ['S3_FORCE_PATH_STYLE', { S3_FORCE_PATH_STYLE: 'yes', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
    ['S3_REGION', { S3_REGION: 'no such region', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
    ['S3_SMALLEST_PART', { S3_SMALLEST_PART: '5MiB', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
    ['R2_ACCOUNT_ID', { R2_ACCESS_KEY: 'a', R2_SECRET_KEY: 'b', R2_BUCKET: 'c' }],
    ['R2_ENDPOINT', { R2_ENDPOINT: 'r2', R2_ACCESS_KEY: 'a', R2_SECRET_KEY: 'b', R2_BUCKET: 'c', R2_ACCOUNT_ID: 'd' }],
    ['KEY_PREFIX', { KEY_PREFIX: '../elsewhere/' }],
    ['DEFAULT_PROVIDER', { DEFAULT_PROVIDER: 'R2', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', S3_BUCKET: 'c' }],
  ];
  for (const [name, env] of MALFORMED)
    test(`with ${JSON.stringify(env).slice(0, 70)}`, () => expectRefused(new RegExp(`\\b${name}\\b`), env));

  test('with a bucket’s address and no keys, rather than on another bucket than the one meant', async () => {
    const { code, output } = await run({ S3_ENDPOINT: 'https://minio.example.com' });
    expect(output).toMatch(/^S3_BUCKET /m);
    expect(code).toBe(1);
  });

  test('with an option that it does not know', () => expectRefused(/--devel/, {}, { args: ['--devel', '--dev'] }));

  test('with several faults it names them all', async () => {
    const { code, output } = await run({ PORT: 'x', PART_DIGEST: 'y', ALLOWED_ORIGINS: 'z' }, { args: [] });
    for (const name of ['PORT', 'PART_DIGEST', 'ALLOWED_ORIGINS', 'DATABASE_URL', 'S3_BUCKET', 'PARTWAY_SECRET'])
      expect(output).toMatch(new RegExp(`^${name}\\b.*$`, 'm'));
    expect([code, output.includes('    at ')]).toEqual([1, false]);
  });
});

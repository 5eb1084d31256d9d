/** Ctrl-C: what is in flight is finished, everything is stopped, and the next start goes on from there. */

import { expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { isAlive, kill } from '../browser/processes.ts';
import type { Seen } from '../faults/proxy.ts';
import { embeddedStore } from '../store.ts';
import { apiAt, granted, putAll, random } from './client.ts';
import { expectNothing, expectObject, MiB, openWiredPlace, sendFile } from './place.ts';
import { postmasterOn, run } from './run.ts';
import { adminUrl, makeFolder, query, removeFolder, serve } from './serve.ts';
import { isComplete, stands } from './wire.ts';

setDefaultTimeout(180_000);

/** A PUT that the store has begun to take; its body comes in pieces, when the test says so. */
async function slowPut(url: string, size: number) {
  const asked = request(url, { method: 'PUT', headers: { 'content-length': size, expect: '100-continue' } });
  const answer = new Promise<number>((resolve, reject) => {
    // A connection that is cut may say so more than once.
    asked.on('error', reject);
    asked.once('response', (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
  });
  asked.flushHeaders();
  await once(asked, 'continue');
  const write = (bytes: Uint8Array) => new Promise<void>((resolve) => asked.write(bytes, () => resolve()));
  return { write, end: () => asked.end(), answer };
}

test('a PUT in flight is finished, then all is gone, and the next start finds the upload', async () => {
  const dataDir = makeFolder();
  const server = await serve({ dataDir });
  let second: typeof server | undefined;
  try {
    const api = apiAt(server.url);
    const bytes = random(6 * MiB);
    const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length });
    const postmaster = postmasterOn(dataDir)!;
    const put = await slowPut(partUrls[0]!.url, partUrls[0]!.size);
    await put.write(bytes.subarray(0, 2 * MiB));
    const stopping = server.stop('SIGINT');
    await until(() => server.output().includes('Stopping'));
    await put.write(bytes.subarray(2 * MiB, 5 * MiB));
    put.end();
    expect(await put.answer).toBe(200);
    expect(await stopping).toBe(0);
    expect(isAlive(postmaster)).toBe(false);
    expect(postmasterOn(dataDir)).toBeUndefined();

    second = await serve({ dataDir, env: { BUCKET_PORT: String(server.bucketPort) } });
    const resumed = granted(await apiAt(second.url).call('resume', { resumeToken }));
    expect(resumed.uploadedParts.map(({ partNumber }) => partNumber)).toEqual([1]);
    await putAll(resumed.remainingParts, bytes);
    const done = granted(await apiAt(second.url).call('complete', { resumeToken }));
    expect(done.fileKey).toBe(fileKey);
    expect(await (await fetch(done.downloadUrl!)).bytes()).toEqual(bytes);
  } finally {
    await server.stop();
    await second?.stop();
    removeFolder(dataDir);
  }
});

test('what a call and the janitor are at in the store is finished before it ends', async () => {
  const place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }), { env: { JANITOR_SECONDS: '1' } });
  const { server, wire } = place;
  try {
    const admin = adminUrl(server.dataDir);
    const overdue = await sendFile(place);
    const upload = await sendFile(place);
    const isFreed = ({ method }: Seen) => method === 'DELETE';
    const releases = [isComplete, isFreed].map((one) => wire.hold(one, 'response'));
    await query(
      admin,
      (sql) =>
        sql`update multipart_uploads set status = 'failed', error_code = 'UPLOAD_EXPIRED' where id = ${overdue.sessionId}`,
    );
    await query(admin, (sql) => sql`update multipart_uploads set tended_until = now() where id = ${overdue.sessionId}`);
    const done = upload.complete();
    await Promise.all([isComplete, isFreed].map((one) => stands(wire, one)));
    const before = wire.requests.length;
    const stopping = server.stop('SIGTERM');
    await until(() => server.output().includes('Stopping'));
    releases[0]!();
    expect(granted(await done).verifiedBy).toBe('etag');
    // Nothing tells that it goes on waiting: it would have ended by then.
    const early = await Promise.race([stopping.then(() => 'ended'), Bun.sleep(3000)]);
    expect(early).toBeUndefined();
    releases[1]!();
    expect(await stopping).toBe(0);
    // Neither was broken off: the janitor asked whether parts are left, as it does when its request was answered.
    const after = wire.requests.slice(before).filter(({ path }) => path.endsWith(overdue.fileKey));
    expect(after.map(({ method, brokenAt }) => [method, brokenAt])).toContainEqual(['GET', undefined]);
    expect(wire.requests.filter(({ brokenAt }) => brokenAt !== undefined)).toEqual([]);
    await expectObject(place, upload.fileKey, upload.bytes);
    await expectNothing(place, overdue.fileKey, overdue.uploadId);
  } finally {
    await place.stop();
  }
});

test('a browser’s idle connections do not keep it from stopping', async () => {
  const server = await serve();
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    const asked = request(`${server.url}/healthz`, { agent }, (response) => response.resume().once('end', resolve));
    asked.once('error', reject);
    asked.end();
  });
  const startedAt = performance.now();
  expect(await server.stop('SIGINT')).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  agent.destroy();
});

test('a second Ctrl-C stops at once', async () => {
  const dataDir = makeFolder();
  const server = await serve({ dataDir });
  try {
    const { partUrls } = await apiAt(server.url).begin({ size: MiB });
    const put = await slowPut(partUrls[0]!.url, MiB);
    put.answer.catch(() => {});
    await put.write(random(1000));
    const stopping = server.stop('SIGINT');
    await until(() => server.output().includes('Stopping'));
    // As somebody does who has no patience left: what follows at once counts as the same Ctrl-C.
    const pressing = setInterval(() => kill([server.pid()], 'SIGINT'), 100);
    expect(await stopping).toBe(1);
    clearInterval(pressing);
    expect(postmasterOn(dataDir)).toBeUndefined();
  } finally {
    const left = postmasterOn(dataDir);
    if (left) process.kill(left, 'SIGQUIT');
    await until(() => !left || !isAlive(left));
    removeFolder(dataDir);
  }
});

test('Ctrl-C while PostgreSQL is just starting leaves nothing running', async () => {
  for (const file of ['postgres/lock', 'postgres/data/PG_VERSION', 'postgres/data/postmaster.pid']) {
    const { code, left } = await run(
      {},
      {
        async during(pid, dataDir) {
          await until(() => existsSync(join(dataDir, file)));
          process.kill(pid, 'SIGINT');
        },
      },
    );
    expect({ file, left, code }).toEqual({ file, left: undefined, code: 0 });
  }
});

test('while it stops, new calls are turned away rather than left hanging', async () => {
  const server = await serve();
  const { partUrls } = await apiAt(server.url).begin({ size: MiB });
  const put = await slowPut(partUrls[0]!.url, MiB);
  await put.write(random(1000));
  const stopping = server.stop('SIGINT');
  await until(() => server.output().includes('Stopping'));
  const late = fetch(`${server.url}${BASE_PATH}/init`, { method: 'POST', signal: AbortSignal.timeout(10_000) });
  const outcome = await late.then(
    ({ status }) => `${status}`,
    (error: Error) => error.name,
  );
  await put.write(random(MiB - 1000));
  put.end();
  expect(await put.answer).toBe(200);
  expect(await stopping).toBe(0);
  expect(outcome).not.toBe('TimeoutError');
});

async function until(check: () => boolean): Promise<void> {
  while (!check()) await Bun.sleep(5);
}

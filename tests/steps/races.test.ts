/**
 * Two calls at two servers, in every order in which their steps can follow each other: one wins, the other is told, and
 * what is called done stays.
 */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { Hono } from 'hono';
import { createApp, type Deps } from '../../server/index.ts';
import { type Answer, type Api, apiAt, granted, md5, objectDigest, putAll, random, told } from '../api/client.ts';
import { openHost, serveApp } from '../api/host.ts';
import { expectObject, sendFile } from '../api/place.ts';
import { keysIn } from '../store.ts';
import { stepwise, type Watch } from './step.ts';
import { inTurns, ordersOf } from './turns.ts';

setDefaultTimeout(120_000);

/** Orders at a time: most of them wait. */
const LANES = 24;

let host: Awaited<ReturnType<typeof openHost>>;
let server: Awaited<ReturnType<typeof serveApp>>;
let api: Api;
let servers: Deps[];

beforeAll(async () => {
  host = await openHost();
  servers = [host.deps, await host.again({})];
  server = await serveApp(new Hono().route('/', createApp(host.deps)));
  api = apiAt(server.url);
});
afterAll(async () => {
  await server?.stop();
  await host?.stop();
});

type Call = 'complete' | 'abort' | 'pause';

/** A call at one of the servers, which takes its steps as `watch` lets it. */
async function callAt(
  which: number,
  call: Call,
  body: object,
  watch: Watch,
): Promise<Answer<{ url?: string; etag?: string }>> {
  const app = createApp(stepwise(servers[which]!, watch));
  const response = await app.request(`/api/v1/upload/multipart/${call}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, retryAfter: undefined, body: await response.json() };
}

type Upload = Pick<Awaited<ReturnType<typeof sendFile>>, 'resumeToken' | 'fileKey' | 'bytes'> & {
  objectDigest?: string;
};

async function sent(): Promise<Upload> {
  const { digest: objectDigest, ...upload } = await sendFile({ api, unit: 1024 });
  return { ...upload, objectDigest };
}

/** Its second part is missing. */
async function half(): Promise<Upload> {
  const bytes = random(2058);
  const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length });
  await putAll([partUrls[0]!, partUrls[2]!], bytes);
  return { resumeToken, fileKey, bytes };
}

/** By a single PUT. */
async function whole(): Promise<Upload> {
  const bytes = random(1024);
  const parts = [{ partNumber: 1, digest: md5(bytes) }];
  const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length }, { parts });
  await putAll(partUrls, bytes);
  return { resumeToken, fileKey, bytes, objectDigest: objectDigest(parts) };
}

const statusOf = async ({ fileKey }: Upload) => {
  const sql = await host.deps.database.scoped(
    { service: 'janitor' },
    (sql) => sql`select status from multipart_uploads where file_key = ${fileKey}`,
  );
  return sql[0]!.status as string;
};

async function race(
  calls: [Call, Call],
  [a, b]: [number, number],
  begin: () => Promise<Upload>,
  check: (answers: [string, string], upload: Upload, order: string) => Promise<void>,
): Promise<void> {
  const orders = ordersOf(a, b).values();
  const lane = async () => {
    for (const order of orders) {
      const upload = await begin();
      const at = (which: number) => (watch: Watch) =>
        callAt(which, calls[which]!, { resumeToken: upload.resumeToken, objectDigest: upload.objectDigest }, watch);
      const answers = await inTurns(order, { a: at(0), b: at(1) });
      for (const { status, body } of answers)
        if (status === 200 && 'url' in body) expect([order, body.etag]).toEqual([order, expect.any(String)]);
      await check(answers.map((answer) => told(answer).join(' ').trim()) as [string, string], upload, order);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

for (const [what, steps, begin] of [
  ['', 6, sent],
  ['a single PUT, ', 4, whole],
] as const)
  test(`${what}complete and cancel: what is done stays done, what is cancelled is gone, and both hear of it`, async () => {
    await race(['complete', 'abort'], [steps, 3], begin, async ([completed, aborted], upload, order) => {
      const status = await statusOf(upload);
      const known = { order, status, completed, aborted };
      if (status === 'completed') {
        await expectObject(host, upload.fileKey, upload.bytes);
        expect(known).toEqual({ ...known, completed: '200' });
        expect(['400 UPLOAD_ALREADY_COMPLETED', '409 UPLOAD_COMPLETING']).toContain(aborted);
      } else {
        expect(known).toEqual({ order, status: 'aborted', completed: '400 UPLOAD_ABORTED', aborted: '200' });
        expect(await keysIn(host.store, host.bucket)).not.toContain(upload.fileKey);
      }
    });
  });

test('complete of what is not whole, and cancel: nobody is told that it is cancelled while it goes on', async () => {
  await race(['complete', 'abort'], [4, 4], half, async ([completed, aborted], upload, order) => {
    const status = await statusOf(upload);
    const known = { order, status, completed, aborted };
    if (aborted === '200') {
      expect(known).toEqual({ ...known, status: 'aborted' });
      expect(['400 INCOMPLETE_PARTS', '400 UPLOAD_ABORTED', '410 UPLOAD_EXPIRED']).toContain(completed);
    } else {
      expect(known).toEqual({
        order,
        status: 'active',
        completed: '400 INCOMPLETE_PARTS',
        aborted: '409 UPLOAD_COMPLETING',
      });
      expect(granted(await api.call('resume', { resumeToken: upload.resumeToken })).remainingParts).toHaveLength(1);
    }
  });
});

test('two completes of what is not whole: neither is told that it is done', async () => {
  await race(['complete', 'complete'], [5, 5], half, async (answers, upload, order) => {
    expect([order, ...answers]).toEqual([order, '400 INCOMPLETE_PARTS', '400 INCOMPLETE_PARTS']);
    expect(await statusOf(upload)).toBe('active');
  });
});

test('two completes: one object, one answer', async () => {
  await race(['complete', 'complete'], [6, 3], sent, async (answers, upload, order) => {
    expect([order, ...answers]).toEqual([order, '200', '200']);
    await expectObject(host, upload.fileKey, upload.bytes);
  });
});

test('complete and pause: what was paused meanwhile completes all the same, and is not paused after it', async () => {
  await race(['complete', 'pause'], [6, 2], sent, async ([completed, paused], upload, order) => {
    expect([order, completed, await statusOf(upload)]).toEqual([order, '200', 'completed']);
    expect(['200', '400 UPLOAD_ALREADY_COMPLETED', '409 UPLOAD_COMPLETING']).toContain(paused);
    await expectObject(host, upload.fileKey, upload.bytes);
  });
});

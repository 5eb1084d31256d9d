import { afterEach, describe, expect, test } from 'bun:test';
import { createFlow } from '../../sw/flow.ts';
import { createGatherer } from '../../sw/gather.ts';

interface Asked {
  path: string;
  key: string | null;
  body: { calls?: { call: string; resumeToken?: string; idempotencyKey?: string }[]; resumeToken?: string };
}

const upload = { id: '', size: 1, addedAt: 0 };
const never = new AbortController().signal;
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A server that answers each call with its own token, `batch` too unless it is an old one; `slowly` for as long as it is told. */
function server({ batches = true } = {}) {
  const asked: Asked[] = [];
  let hold: Promise<void> = Promise.resolve();
  const answer = (token = '') =>
    token === 'bad'
      ? { status: 409, body: { success: false, error: 'UPLOAD_COMPLETING', message: 'wait' } }
      : { status: 200, body: { success: true, url: token } };
  const listener = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const body = (await request.json()) as Asked['body'];
      const path = new URL(request.url).pathname;
      asked.push({ path, key: request.headers.get('idempotency-key'), body });
      await hold;
      if (path === '/batch') {
        if (!batches) return Response.json({ success: false, error: 'NOT_FOUND', message: 'no' }, { status: 404 });
        const answers = body.calls!.map(({ resumeToken }) => answer(resumeToken));
        return Response.json({
          success: true,
          answers: answers.map(({ status, body }) => ({ ...body, status, ...(status === 409 && { retryAfter: 3 }) })),
        });
      }
      const { status, body: told } = answer(body.resumeToken);
      return Response.json(told, { status });
    },
  });
  endings.push(() => listener.stop(true));
  return {
    asked,
    url: `http://127.0.0.1:${listener.port}`,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return resolve;
    },
  };
}

describe('the control calls of small files', () => {
  test('of one turn go together, each hears its own answer, and a bad one spoils none', async () => {
    const { asked, url } = server();
    const gather = createGatherer(createFlow());
    const outcomes = await Promise.allSettled(
      ['a', 'bad', 'c'].map((resumeToken) => gather(url, 'complete', { resumeToken })),
    );
    expect(asked.map(({ path }) => path)).toEqual(['/batch']);
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.url : outcome.status))).toEqual([
      'a',
      'rejected',
      'c',
    ]);
    expect((outcomes[1] as PromiseRejectedResult).reason.failure).toMatchObject({
      status: 409,
      code: 'UPLOAD_COMPLETING',
      retryAfter: 3,
    });
  });

  test('a single one goes alone, at once', async () => {
    const { asked, url } = server();
    const gather = createGatherer(createFlow());
    const wish = { filename: 'a', fileSize: 1, contentType: 'image/jpeg' };
    await gather(url, 'init', wish, { identity: { headers: { 'x-api-key': 'k' } }, idempotencyKey: 'key-1' });
    expect(asked).toMatchObject([{ path: '/init', key: 'key-1', body: wish }]);
  });

  test('what comes while one is under way goes with the next', async () => {
    const { asked, url, hold } = server();
    const gather = createGatherer(createFlow());
    const release = hold();
    const first = gather(url, 'complete', { resumeToken: 'a' });
    while (!asked.length) await Bun.sleep(1);
    const others = ['b', 'c', 'd'].map((resumeToken) => gather(url, 'complete', { resumeToken }));
    release();
    await Promise.all([first, ...others]);
    expect(asked.map(({ path, body }) => [path, body.calls?.length])).toEqual([
      ['/complete', undefined],
      ['/batch', 3],
    ]);
  });

  test('wait for each other while the line has enough to do, and go when it has not', async () => {
    const { asked, url } = server();
    const flow = createFlow({ rate: 1, size: 1e9 });
    const gather = createGatherer(flow);
    const put = Promise.withResolvers<void>();
    const running = flow.run({ bytes: 1, most: 1, upload }, never, () => put.promise);
    const early = gather(url, 'complete', { resumeToken: 'a' });
    await Bun.sleep(20);
    const late = gather(url, 'complete', { resumeToken: 'b' });
    expect(asked).toHaveLength(0);
    put.resolve();
    await Promise.all([running, early, late]);
    expect(asked.map(({ body }) => body.calls?.length)).toEqual([2]);
  });

  test('under different identities never share a request', async () => {
    const { asked, url } = server();
    const gather = createGatherer(createFlow());
    const wish = { filename: 'a', fileSize: 1, contentType: 'image/jpeg' };
    await Promise.all(
      ['anna', 'ben'].flatMap((key) =>
        [1, 2].map(() => gather(url, 'init', wish, { identity: { headers: { 'x-api-key': key } } })),
      ),
    );
    expect(asked.map(({ path, body }) => [path, body.calls?.length])).toEqual([
      ['/batch', 2],
      ['/batch', 2],
    ]);
  });

  test('that have not left do not leave once their upload is stopped', async () => {
    const { asked, url, hold } = server();
    const gather = createGatherer(createFlow());
    const release = hold();
    const first = gather(url, 'complete', { resumeToken: 'a' });
    while (!asked.length) await Bun.sleep(1);
    const stop = new AbortController();
    const stopped = gather(url, 'complete', { resumeToken: 'b' }, { signal: stop.signal });
    const other = gather(url, 'complete', { resumeToken: 'c' });
    stop.abort(new Error('paused'));
    expect(stopped).rejects.toThrow('paused');
    release();
    await Promise.all([first, other]);
    expect(asked.map(({ body }) => body.resumeToken)).toEqual(['a', 'c']);
  });

  test('go one by one to a server that knows no batch', async () => {
    const { asked, url } = server({ batches: false });
    const gather = createGatherer(createFlow());
    const answers = await Promise.all(['a', 'b'].map((resumeToken) => gather(url, 'complete', { resumeToken })));
    expect(answers.map(({ url }) => url)).toEqual(['a', 'b']);
    await gather(url, 'complete', { resumeToken: 'c' });
    expect(asked.map(({ path }) => path)).toEqual(['/batch', '/complete', '/complete', '/complete']);
  });
});

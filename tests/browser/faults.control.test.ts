import { describe, expect, setDefaultTimeout } from 'bun:test';
import { apiError, first, PORTAL } from '../faults/answers.ts';
import { uploadsIn } from '../store.ts';
import { findChrome } from './executable.ts';
import { between, HASTY, inTurn, isCall, isPart, isPut, MiB, onFaults, PASSING } from './faults.ts';

setDefaultTimeout(120_000);

const statuses = (seen: { status?: number }[]) => seen.map(({ status }) => status);
/** What a proxy says whose server is away; no page may read it. */
const GATEWAY = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' };

describe.skipIf(!findChrome())('a control call of the page', () => {
  const scene = onFaults('a control call, from the page');

  scene('is made once where nothing fails', async ({ begin, arrived, calls, note }) => {
    await begin();
    await arrived();
    expect([calls('init').length, calls('complete').length]).toEqual([1, 1]);
    note('none');
  });

  /** What the upload does, so that the call is made. */
  const OCCASIONS: Record<string, (it: Parameters<Parameters<typeof scene>[1]>[0]) => Promise<void>> = {
    init: async () => {},
    // A refused URL is signed anew.
    sign: async ({ stage, allow }) => void stage.wire.answer(first(1, isPart(2)), allow({ status: 403 })),
    complete: async () => {},
  };
  for (const [name, occasion] of Object.entries(OCCASIONS))
    scene(
      `${name} is repeated after each status that may pass, and after a proxy's page of error`,
      async (it) => {
        const { stage, begin, arrived, calls, allow, note } = it;
        await occasion(it);
        // A sign without the refused part may be on its way as well.
        const refused = () => name !== 'sign' || it.puts().some(({ status }) => status === 403);
        const answers = PASSING.map((status) => allow(apiError(status, 'PASSING')));
        const next = inTurn([...answers, GATEWAY]);
        stage.web.answer((seen) => isCall(name)(seen) && refused(), next);
        await begin();
        await arrived();
        const asked = statuses(calls(name));
        const from = asked.indexOf(408);
        expect(asked.slice(from, from + 9)).toEqual([...PASSING, 502, 200]);
        note(`408, 425, 429, 500, 502, 503, 504, 502 to ${name}`);
      },
      { client: HASTY },
    );

  scene(
    'is not repeated before Retry-After is over',
    async ({ stage, begin, arrived, calls, allow, note }) => {
      stage.web.answer(first(1, isCall('init')), allow(apiError(503, 'SERVICE_BUSY', { 'retry-after': '2' })));
      stage.web.answer(first(1, isCall('complete')), allow(apiError(429, 'RATE_LIMITED', { 'retry-after': '1' })));
      await begin();
      await arrived();
      for (const [name, ms] of [
        ['init', 2000],
        ['complete', 1000],
      ] as const) {
        const [refused, again] = calls(name);
        expect(between(refused, again)).toBeGreaterThanOrEqual(ms);
      }
      note('503 to init, Retry-After: 2; 429 to complete, Retry-After: 1');
    },
    { client: HASTY },
  );

  scene(
    'of many files at once is repeated for all of them',
    async ({ stage, begin, arrived, calls, allow }) => {
      // The first init is under way while the others gather.
      stage.web.delay(first(1, isCall('init')), 300, 'response');
      stage.web.answer(isCall('batch'), inTurn(PASSING.map((status) => allow(apiError(status, 'PASSING')))));
      await begin();
      await arrived();
      const asked = statuses(calls('batch'));
      expect(asked.length).toBeGreaterThan(0);
      expect(asked).toEqual(PASSING.slice(0, asked.length));
    },
    { sizes: [MiB, MiB, MiB], client: HASTY },
  );

  scene(
    'abort is repeated until the bucket is free',
    async ({ stage, page, begin, puts, calls, allow }) => {
      const before = await uploadsIn(stage.store, stage.bucket);
      const release = stage.wire.hold(isPut);
      stage.web.answer(isCall('abort'), inTurn(PASSING.map((status) => allow(apiError(status, 'PASSING')))));
      await begin();
      await stage.wire.waitFor(() => puts().some(({ held }) => held));
      await page.evaluate('upload.cancel()');
      await stage.web.waitFor(() => calls('abort').some(({ status }) => status === 200));
      release();
      expect(statuses(calls('abort'))).toEqual([...PASSING, 200]);
      expect(await uploadsIn(stage.store, stage.bucket)).toEqual(before);
    },
    { client: HASTY },
  );

  scene(
    'resume is repeated until the pause is over',
    async (it) => {
      const { stage, page, begin, arrived, puts, calls, allow, note } = it;
      const release = stage.wire.hold(isPut);
      await begin();
      await stage.wire.waitFor(() => puts().some(({ held }) => held));
      await page.evaluate('upload.pause()');
      await stage.web.waitFor(() => calls('pause').some(({ status }) => status === 200));
      release();
      stage.web.answer(isCall('resume'), inTurn(PASSING.map((status) => allow(apiError(status, 'PASSING')))));
      await page.evaluate('upload.resume()');
      await arrived();
      expect(statuses(calls('resume'))).toEqual([...PASSING, 200]);
      note('408, 425, 429, 500, 502, 503, 504 to resume', Number.NaN);
    },
    { client: HASTY },
  );

  scene(
    'init whose answer is lost begins one session only',
    async ({ stage, begin, arrived, calls, note }) => {
      stage.web.lose(first(3, isCall('init')), 20);
      await begin();
      // None is left unfinished in the bucket.
      await arrived();
      expect(calls('init').length).toBeGreaterThan(3);
      const created = ({ method, query }: { method: string; query: string }) =>
        method === 'POST' && /^uploads\b/.test(query);
      expect(
        stage.wire.requests.filter(({ startedAt }) => startedAt >= calls('init')[0]!.startedAt).filter(created),
      ).toHaveLength(1);
      note('answer to init lost three times');
    },
    { client: HASTY },
  );

  scene(
    'complete whose answer is lost is asked for again, and the page says done',
    async (it) => {
      const { stage, begin, arrived, calls, note } = it;
      stage.web.lose(first(3, isCall('complete')), 20);
      await begin();
      await arrived();
      expect(calls('complete').length).toBeGreaterThan(3);
      note('answer to complete lost three times');
    },
    { client: HASTY },
  );

  scene(
    'sign whose answer is lost is asked for again',
    async ({ stage, begin, arrived, calls, allow, note }) => {
      stage.wire.answer(first(1, isPart(2)), allow({ status: 403 }));
      stage.web.lose(first(3, isCall('sign')), 20);
      await begin();
      await arrived();
      expect(calls('sign').length).toBeGreaterThan(3);
      note('answer to sign lost three times');
    },
    { client: HASTY },
  );

  scene(
    'is not answered by a captive portal, whichever call it is',
    async (it) => {
      const { stage, page, begin, arrived, calls, puts, allow, note } = it;
      let leave = stage.web.answer(({ method }) => method === 'POST', allow(PORTAL));
      await begin();
      await stage.web.waitFor(() => calls('init').length >= 3);
      expect(await page.evaluate('[upload.state, upload.resumeToken ?? null]')).toEqual(['waiting', null]);
      expect(puts()).toEqual([]);
      leave();
      leave = stage.web.answer(isCall('complete'), allow(PORTAL));
      await stage.web.waitFor(() => calls('complete').length >= 3);
      expect(await page.evaluate('upload.state')).not.toBe('done');
      leave();
      await arrived();
      note('captive portal at init and at complete');
    },
    { client: HASTY },
  );

  scene(
    'complete that another one is about waits for it',
    async ({ stage, begin, arrived, calls, allow, note }) => {
      const busy = allow(apiError(409, 'UPLOAD_COMPLETING', { 'retry-after': '1' }));
      stage.web.answer(isCall('complete'), inTurn([busy, busy]));
      await begin();
      await arrived();
      const [refused, again] = calls('complete');
      expect(between(refused, again)).toBeGreaterThanOrEqual(1000);
      note('409 UPLOAD_COMPLETING twice, Retry-After: 1');
    },
    { client: HASTY },
  );

  scene('refused because of a pause from elsewhere lets the upload rest until it is lifted', async (it) => {
    const { stage, page, begin, arrived, puts, calls } = it;
    const release = stage.wire.hold(isPart(2));
    await begin();
    await stage.wire.waitFor(() => puts().some(({ held }) => held));
    await page.evaluate(`fetch('${stage.url}api/v1/upload/multipart/pause', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resumeToken: upload.resumeToken })
    })`);
    // However often the browser sends it again by itself: in the end it needs another URL, which is refused.
    const over = stage.wire.harm(isPart(2), 'reset');
    stage.wire.cut();
    release();
    await page.waitFor(`upload.state === 'paused'`);
    over();
    expect(calls('complete')).toEqual([]);
    await page.evaluate('upload.resume()');
    await arrived();
  });

  scene(
    'of one file that always fails keeps none of the others',
    async ({ stage, page, begin, allow }) => {
      let bad = '';
      stage.web.answer(isCall('sign'), allow(apiError(500, 'INTERNAL')));
      stage.wire.answer(
        (seen) => {
          if (!isPut(seen)) return false;
          bad ||= seen.path;
          return seen.path === bad;
        },
        allow({ status: 403 }),
      );
      await begin();
      await page.waitFor(`uploads.filter(({ state }) => state === 'done').length === 9`);
      await page.waitFor(`uploads.filter(({ state }) => state === 'waiting').length === 1`);
    },
    { sizes: [...Array(9).fill(MiB / 4), MiB] },
  );
});

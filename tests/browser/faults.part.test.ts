import { describe, expect, setDefaultTimeout } from 'bun:test';
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { first, PORTAL, s3Error } from '../faults/answers.ts';
import type { Seen } from '../faults/proxy.ts';
import { keysIn } from '../store.ts';
import { openApp } from './app.ts';
import { findChrome } from './executable.ts';
import {
  between,
  damageSlice,
  expireSessions,
  HASTY,
  inTurn,
  isPart,
  isPut,
  MiB,
  onFaults,
  PART,
  PASSING,
  SMALL,
} from './faults.ts';

setDefaultTimeout(120_000);

/** PUTs at once of a client that says nothing of it. */
const LANES = 5;

const statuses = (seen: { status?: number }[]) => seen.map(({ status }) => status);

describe.skipIf(!findChrome())('a part on its way from the page', () => {
  const scene = onFaults('a part, from the page');

  scene(
    'arrives alone',
    async ({ begin, arrived }) => {
      await begin();
      await arrived();
    },
    { sizes: [MiB] },
  );

  scene('arrives', async ({ begin, arrived, puts, twice, note }) => {
    await begin();
    await arrived();
    expect(puts()).toHaveLength(2);
    expect(twice()).toBe(0);
    note('none');
  });

  scene('is sent again after its connection was reset', async (it) => {
    const { stage, begin, waited, arrived, puts, calls, note } = it;
    const over = stage.wire.harm(isPart(1), 'reset', 0.4);
    await begin();
    await waited();
    over();
    await arrived();
    // Whether it was the bucket that refused the URL, and CORS that hid it, nobody can tell.
    expect(calls('sign')).not.toEqual([]);
    expect(puts().filter(isPart(2))).toHaveLength(1);
    note('connections reset at 40 % of a part');
  });

  scene('is sent again where only the answer was lost', async (it) => {
    const { stage, begin, waited, arrived, puts, note } = it;
    const over = stage.wire.lose(isPart(2), 50);
    await begin();
    await waited();
    over();
    await arrived();
    expect(puts().filter(isPart(1))).toHaveLength(1);
    note('answers to a part of 1 MiB lost');
  });

  scene(
    'is sent again after each status that may pass',
    async ({ stage, begin, arrived, puts, allow, note }) => {
      stage.wire.answer(isPart(2), inTurn(PASSING.map((status) => allow(s3Error(status, 'Passing')))));
      await begin();
      await arrived();
      expect(statuses(puts().filter(isPart(2)))).toEqual([...PASSING, 200]);
      expect(puts().filter(isPart(1))).toHaveLength(1);
      note('408, 425, 429, 500, 502, 503, 504 to a part of 1 MiB');
    },
    { client: HASTY },
  );

  scene(
    'is not tried again before Retry-After is over',
    async ({ stage, begin, arrived, puts, allow, note }) => {
      stage.wire.answer(isPart(2), inTurn([allow(s3Error(500, 'InternalError', { 'retry-after': '2' }))]));
      await begin();
      await arrived();
      const [refused, again] = puts().filter(isPart(2));
      expect(between(refused, again)).toBeGreaterThanOrEqual(2000);
      note('500 to a part, Retry-After: 2');
    },
    { client: HASTY },
  );

  scene(
    'waits with the parts of all other files when the store says slow down, and goes on with fewer at once',
    async ({ stage, begin, waited, arrived, puts, allow, note }) => {
      // Once enough have arrived that the client allows as many at once as it ever does: more than one file has parts left.
      const arrivals = () => puts().filter(({ finishedAt }) => finishedAt).length;
      const open = new Set<Seen>();
      const late = (seen: Seen) => {
        if (isPut(seen) && arrivals() < LANES) open.add(seen);
        return isPut(seen) && !open.has(seen);
      };
      const isVictim = first(1, late);
      let victim: Seen | undefined;
      const refuse = stage.wire.hold((seen) => {
        if (isVictim(seen)) victim = seen;
        return seen === victim;
      });
      const release = stage.wire.hold((seen) => seen !== victim && late(seen));
      stage.wire.answer((seen) => seen === victim, allow(s3Error(503, 'SlowDown', { 'retry-after': '2' })));
      const held = () => puts().filter((put) => put.held);
      await begin();
      // Nothing more is on its way here.
      await stage.wire.waitFor(() => held().length === LANES);
      expect(new Set(held().map(({ path }) => path)).size).toBeGreaterThan(1);
      const mark = puts().length;
      refuse();
      await waited();
      stage.wire.delay((seen) => puts().indexOf(seen) >= mark, 400);
      release();
      await arrived();
      const after = puts().slice(mark);
      expect(between(victim, after[0])).toBeGreaterThanOrEqual(2000);
      const answered = Math.min(...after.map(({ finishedAt }) => finishedAt!));
      expect(after.filter(({ startedAt }) => startedAt < answered).length).toBeLessThan(LANES);
      note('503 SlowDown while four files are sent, Retry-After: 2', Number.NaN);
    },
    { sizes: Array(4).fill(4 * PART), client: HASTY },
  );

  for (const [what, readable] of [
    ['that the page can read', true],
    ['that CORS hides', false],
  ] as const)
    scene(
      `is signed anew after a 403 ${what}`,
      async ({ stage, begin, arrived, puts, calls, allow, note }) => {
        const refusal = s3Error(403, 'AccessDenied');
        stage.wire.answer(isPut, inTurn([readable ? allow(refusal) : refusal]));
        await begin();
        await arrived();
        const [refused, again] = puts();
        const signed = calls('sign').find(({ startedAt }) => startedAt > refused!.finishedAt!);
        expect(between(signed, again)).toBeGreaterThan(0);
        expect(puts()).toHaveLength(2);
        note(`403 ${what}, to a file of 1 MiB`);
      },
      { sizes: [MiB] },
    );

  scene(
    'is signed anew with all others when its URL has grown old, and none is sent to an old one after that',
    async ({ stage, begin, arrived, puts, allow, note }) => {
      const stamp = (seen: Seen) => new URLSearchParams(seen.query).get('X-Amz-Date') ?? '';
      const clock = () => new Date().toISOString().replace(/[-:]|\.\d+/g, '');
      const release = stage.wire.hold(isPut);
      await begin();
      await stage.wire.waitFor(() => puts().some(({ held }) => held));
      // URLs tell seconds.
      while (clock() <= stamp(puts()[0]!)) await Bun.sleep(50);
      const now = clock();
      const isOld = (seen: Seen) => isPut(seen) && stamp(seen) < now;
      stage.wire.answer(isOld, allow(s3Error(403, 'AccessDenied')));
      release();
      await arrived();
      const refused = puts().filter(({ status }) => status === 403);
      const heardAt = Math.min(...refused.map(({ finishedAt }) => finishedAt!));
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.filter(({ startedAt }) => startedAt > heardAt)).toEqual([]);
      note('all URLs have grown old', Number.NaN);
    },
    { sizes: [31 * MiB], client: HASTY },
  );

  scene('asks the server about a 404, and goes on where the upload is still there', async (it) => {
    const { stage, begin, arrived, puts, allow, note } = it;
    stage.wire.answer(isPart(2), inTurn([allow(s3Error(404, 'NoSuchUpload'))]));
    await begin();
    await arrived();
    const [refused, again] = puts().filter(isPart(2));
    const listed = stage.wire.requests.filter(
      ({ method, query, startedAt }) =>
        method === 'GET' &&
        query.includes('uploadId=') &&
        startedAt > refused!.finishedAt! &&
        startedAt < again!.startedAt,
    );
    expect(listed).not.toEqual([]);
    expect(puts().filter(isPart(1))).toHaveLength(1);
    note('404 to a part whose upload is still there');
  });

  scene('begins anew where the upload was aborted in the store behind our back', async (it) => {
    const { stage, begin, arrived, puts, calls, note } = it;
    const release = stage.wire.hold(isPart(2));
    await begin();
    await stage.wire.waitFor(() => puts().some(({ held }) => held));
    const { s3 } = stage.store;
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: stage.bucket }));
    for (const { Key, UploadId } of Uploads)
      await s3.send(new AbortMultipartUploadCommand({ Bucket: stage.bucket, Key: Key!, UploadId: UploadId! }));
    release();
    await arrived();
    expect(calls('init')).toHaveLength(2);
    note('upload aborted in the store');
  });

  scene('begins anew where the session has expired', async ({ stage, begin, arrived, puts, calls, note }) => {
    const release = stage.wire.hold(isPart(2));
    await begin();
    await stage.wire.waitFor(() => puts().some(({ held }) => held));
    await expireSessions(stage);
    release();
    await arrived(1);
    expect(calls('init')).toHaveLength(2);
    note('session expired, file at hand');
  });

  scene('is sent again after bytes were damaged on the way', async ({ stage, begin, arrived, puts, twice, note }) => {
    stage.wire.harm(first(1, isPart(1)), 'damage');
    await begin();
    await arrived();
    expect(statuses(puts().filter(isPart(1)))).toEqual([400, 200]);
    expect(twice()).toBe(PART);
    note('400 BadDigest: a byte damaged on the way');
  });

  scene('is taken anew from the file where its slice is damaged', async (it) => {
    const { stage, page, owner, begin, waited, arrived, puts, note } = it;
    const release = stage.wire.hold(isPart(1));
    const over = stage.wire.harm(isPart(1), 'reset');
    await begin();
    await page.waitFor('upload.safeToClose');
    await page.evaluate(damageSlice(owner, 1));
    release();
    await waited();
    over();
    await arrived();
    // After a failure from the slice, as the file might have gone; then from the file after all.
    expect(statuses(puts().filter(isPart(1))).slice(-2)).toEqual([400, 200]);
    note('slice damaged on the device, file at hand');
  });

  scene('is asked for again where its slice is damaged and the file is not at hand', async (it) => {
    const { stage, app, owner, begin, arrived, files } = it;
    const release = stage.wire.hold(isPart(1));
    await begin();
    await it.page.waitFor('upload.safeToClose');
    await it.page.evaluate(damageSlice(owner, 1));
    const before = await keysIn(stage.store, stage.bucket);
    await it.page.close();
    it.page = await openApp(app, stage, `owner: '${owner}',`);
    release();
    await it.page.waitFor(`upload.state === 'needs-file'`);
    expect(await it.page.evaluate('[upload.error.code, upload.error.remedy]')).toEqual([
      'FILE_NEEDED',
      'Pick the file again.',
    ]);
    expect(await keysIn(stage.store, stage.bucket)).toEqual(before);
    await it.page.setFiles('input', [files[0]!.path]);
    await it.page.evaluate(`globalThis.uploads = list, upload.attach(document.querySelector('input').files[0])`);
    await arrived();
  });

  scene('is not taken for stored because a captive portal says 200', async (it) => {
    const { stage, page, begin, arrived, puts, calls, allow, note } = it;
    const leave = stage.wire.answer(isPart(2), allow(PORTAL));
    await begin();
    await stage.wire.waitFor(() => puts().filter(isPart(2)).length >= 2);
    await page.waitFor(`upload.state === 'waiting' && upload.error.goesOn && upload.progress.uploaded === 1`);
    expect(calls('complete')).toEqual([]);
    leave();
    await arrived();
    note('captive portal at two attempts of a part of 1 MiB');
  });

  scene(
    'that is refused for good ends its own file and holds up no other',
    async ({ stage, page, begin, puts, allow }) => {
      const bad = () => puts()[0]?.path;
      stage.wire.answer((seen) => isPut(seen) && seen.path === bad(), allow(s3Error(403, 'AccessDenied')));
      await begin();
      await page.waitFor(`uploads.filter(({ state }) => state === 'done').length === 3`);
      await page.waitFor(`uploads.filter(({ state }) => state === 'failed').length === 1`);
      expect(puts().filter(({ path }) => path === bad())).toHaveLength(5);
    },
    { sizes: [MiB, MiB, MiB, SMALL], client: HASTY },
  );
});

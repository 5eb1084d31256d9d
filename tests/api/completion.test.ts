/** Completing takes its time: half a minute at a slow store, for ever at a silent one. */

import { expect, setDefaultTimeout, test } from 'bun:test';
import { embeddedStore } from '../store.ts';
import { granted, patiently, told } from './client.ts';
import { expectObject, openWiredPlace, sendFile } from './place.ts';
import { firstOf, isComplete, isHead, stands } from './wire.ts';

setDefaultTimeout(180_000);

/** Each has a server of its own, for all of them wait. */
const staged = (title: string, run: (place: Awaited<ReturnType<typeof openWiredPlace>>) => Promise<void>) =>
  test.concurrent(title, async () => {
    const place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }));
    try {
      await run(place);
    } finally {
      await place.stop();
    }
  });

staged('a Complete of 35 s, longer than any lease, is waited for, and nobody begins a second', async (place) => {
  const upload = await sendFile(place);
  place.wire.delay(isComplete, 35_000);
  const startedAt = performance.now();
  const answers: string[] = [];
  const ask = () =>
    patiently(async () => {
      const answer = await upload.complete();
      answers.push(`${answer.status} ${answer.body.error ?? 'done'}`);
      return answer;
    });
  const first = ask();
  await stands(place.wire, isComplete);
  const second = granted(await ask());
  expect(granted(await first)).toMatchObject({ verifiedBy: 'etag', url: second.url, etag: second.etag });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`  a Complete of 35 s took ${seconds.toFixed(1)} s; answered: ${answers.join(', ')}`);
  expect(place.wire.requests.filter(isComplete)).toHaveLength(1);
  await expectObject(place, upload.fileKey, upload.bytes);
});

staged('whoever asks meanwhile waits, is told when to come again, and gets the first answer', async (place) => {
  const upload = await sendFile(place);
  const { resumeToken } = upload;
  const release = place.wire.hold(isComplete, 'response');
  const first = upload.complete();
  await stands(place.wire, isComplete);
  const second = await upload.complete();
  expect(told(second)).toEqual([409, 'UPLOAD_COMPLETING']);
  expect(second.retryAfter).toBeGreaterThan(0);
  expect(told(await place.api.call('abort', { resumeToken }))).toEqual([409, 'UPLOAD_COMPLETING']);
  expect(told(await place.api.call('resume', { resumeToken }))).toEqual([409, 'UPLOAD_COMPLETING']);
  expect(told(await place.api.call('sign', { resumeToken, parts: [] }))).toEqual([409, 'UPLOAD_COMPLETING']);
  const claim = await place.api.call('claim', { sessionId: upload.sessionId });
  expect([told(claim), claim.retryAfter! > 0]).toEqual([[409, 'UPLOAD_COMPLETING'], true]);
  const third = patiently(() => upload.complete());
  release();
  const { etag, url } = granted(await first);
  expect(granted(await third)).toMatchObject({ etag, url });
  await expectObject(place, upload.fileKey, upload.bytes);
});

staged('an object that cannot be looked at yet is not called done before it can', async (place) => {
  const upload = await sendFile(place);
  const undo = place.wire.answer(isHead, { status: 503 });
  const unsure = await upload.complete();
  expect(told(unsure)).toEqual([503, 'STORE_UNAVAILABLE']);
  expect(unsure.retryAfter).toBeGreaterThan(0);
  undo();
  expect(granted(await patiently(() => upload.complete())).verifiedBy).toBe('etag');
  await expectObject(place, upload.fileKey, upload.bytes);
});

staged('a store that falls silent is not waited for for ever', async (place) => {
  const upload = await sendFile(place);
  const first = firstOf(isHead);
  const release = place.wire.hold(first, 'response');
  const done = patiently(() => upload.complete());
  await stands(place.wire, first);
  const limit = new Promise<undefined>((resolve) => setTimeout(resolve, 100_000));
  const answer = await Promise.race([done, limit]);
  release();
  await done;
  expect(answer?.status).toBe(200);
  await expectObject(place, upload.fileKey, upload.bytes);
});

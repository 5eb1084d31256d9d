/** Coming back to one's own upload without its token. */

import { expect, test } from 'bun:test';
import { granted, putAll, random, told } from './client.ts';
import { expectObject, type Place, sendFile } from './place.ts';

export function claimSuite(at: () => Place): void {
  test('an open upload is claimed by its id, goes on under the new token, and the old one opens nothing', async () => {
    const { api, unit } = at();
    const bytes = random(2 * unit + 10);
    const begun = await api.begin({ size: bytes.length });
    await putAll(begun.partUrls.slice(0, 1), bytes);
    granted(await api.call('sign', { resumeToken: begun.resumeToken, parts: [], stored: [1] }));
    const claimed = granted(await api.call('claim', { sessionId: begun.sessionId }));
    expect(claimed).toEqual({
      success: true,
      resumeToken: expect.stringMatching(/^mpu_[\w-]{64}$/),
      sessionId: begun.sessionId,
      status: 'active',
      uploadId: begun.uploadId,
      fileKey: begun.fileKey,
      filename: 'film.bin',
      fileSize: bytes.length,
      totalParts: 3,
      partSize: unit,
      expiresIn: expect.any(Number),
      progress: expect.objectContaining({ uploaded: 1, total: 3, uploadedBytes: unit }),
    });
    expect(claimed.expiresIn).toBeLessThanOrEqual(begun.sessionExpiresIn);
    expect(claimed.expiresIn).toBeGreaterThan(begun.sessionExpiresIn - 600);

    const { resumeToken: old } = begun;
    for (const call of ['resume', 'pause', 'complete', 'abort'] as const)
      expect(told(await api.call(call, { resumeToken: old }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(told(await api.call('sign', { resumeToken: old, parts: [] }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(told(await api.progress(old))).toEqual([404, 'UPLOAD_NOT_FOUND']);

    const { resumeToken } = claimed;
    const { remainingParts } = granted(await api.call('resume', { resumeToken }));
    await putAll(remainingParts, bytes);
    granted(await api.call('complete', { resumeToken }));
    await expectObject(at(), begun.fileKey, bytes);
  });

  test('by a fingerprint the newest open one is found; paused it stays paused', async () => {
    const { api, unit } = at();
    const fingerprint = `film.bin ${crypto.randomUUID()} '"\\ 漢字`;
    const claim = () => api.call('claim', { fingerprint });
    const [first, second, third] = [
      await api.begin({ size: unit }, { fingerprint }),
      await api.begin({ size: unit }, { fingerprint }),
      await api.begin({ size: unit }, { fingerprint }),
    ];
    granted(await api.call('pause', { resumeToken: second.resumeToken }));
    const newest = granted(await claim());
    expect(newest.sessionId).toBe(third.sessionId);
    granted(await api.call('abort', { resumeToken: newest.resumeToken }));
    const paused = granted(await claim());
    expect([paused.sessionId, paused.status]).toEqual([second.sessionId, 'paused']);
    granted(await api.call('abort', { resumeToken: paused.resumeToken }));
    const last = granted(await claim());
    expect(last.sessionId).toBe(first.sessionId);
    granted(await api.call('abort', { resumeToken: last.resumeToken }));
    expect(told(await claim())).toEqual([404, 'UPLOAD_NOT_FOUND']);
  });

  test('the same init again after a claim gives the token that is good now', async () => {
    const { api, unit } = at();
    const key = crypto.randomUUID();
    const begun = await api.begin({ size: unit }, {}, key);
    const { resumeToken } = granted(await api.call('claim', { sessionId: begun.sessionId }));
    const again = await api.begin({ size: unit }, {}, key);
    expect(again).toMatchObject({ resumeToken, sessionId: begun.sessionId, uploadId: begun.uploadId! });
    granted(await api.call('resume', { resumeToken: again.resumeToken }));
  });

  test('one that is still on its way is left to whoever sends it, where the claim asks for that', async () => {
    const { api, unit } = at();
    const fingerprint = crypto.randomUUID();
    const begun = await api.begin({ size: 2 * unit }, { fingerprint });
    expect(told(await api.call('claim', { fingerprint, idleSeconds: 3600 }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    const { resumeToken } = begun;
    expect(granted(await api.call('resume', { resumeToken })).fingerprint).toBe(fingerprint);
    const deadline = performance.now() + 15_000;
    let claimed = await api.call('claim', { fingerprint, idleSeconds: 1 });
    while (claimed.status === 404 && performance.now() < deadline)
      claimed = await api.call('claim', { fingerprint, idleSeconds: 1 });
    expect(granted(claimed).sessionId).toBe(begun.sessionId);
  });

  test('of many claims at once each gets a token, and only the last of them is good', async () => {
    const { api, unit } = at();
    const { sessionId } = await api.begin({ size: unit });
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('claim', { sessionId })));
    const tokens = new Set(answers.map((answer) => granted(answer).resumeToken));
    expect(tokens.size).toBe(10);
    const good: number[] = [];
    for (const token of tokens) good.push((await api.progress(token)).status);
    expect(good.filter((status) => status === 200)).toHaveLength(1);
  });

  test('what has ended, or never was, is not found; a claim of nothing is told what it lacks', async () => {
    const { api, unit } = at();
    const done = await sendFile(at());
    granted(await done.complete());
    const cancelled = await api.begin({ size: unit });
    granted(await api.call('abort', { resumeToken: cancelled.resumeToken }));
    for (const sessionId of [done.sessionId, cancelled.sessionId, crypto.randomUUID()])
      expect(told(await api.call('claim', { sessionId }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(told(await api.call('claim', { fingerprint: crypto.randomUUID() }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(told(await api.call('claim', {}))).toEqual([400, 'MISSING_REQUIRED_FIELDS']);
    for (const wrong of [{ sessionId: 'x' }, { sessionId: 7 }, { fingerprint: '' }, { fingerprint: 'a\0b' }])
      expect([wrong, ...told(await api.call('claim', wrong))]).toEqual([wrong, 400, 'INVALID_REQUEST']);
  });
}

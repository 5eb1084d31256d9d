/** Cancelling: the store is left with nothing, and whoever comes late is told. */

import { expect, test } from 'bun:test';
import { granted, put, putAll, random, told } from './client.ts';
import { expectNothing, expectObject, type Place } from './place.ts';

export function abortSuite(at: () => Place): void {
  test('a cancelled upload leaves nothing in the store, and may be cancelled again', async () => {
    const { api, unit } = at();
    const bytes = random(2 * unit);
    const { resumeToken, fileKey, uploadId, partUrls } = await api.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    const first = granted(await api.call('abort', { resumeToken }));
    expect(first).toEqual({ success: true, resumeToken, message: expect.any(String) });
    await expectNothing(at(), fileKey, uploadId);
    expect(granted(await api.call('abort', { resumeToken }))).toEqual(first);
  });

  test('after that every other call says so, and its URLs store nothing', async () => {
    const { api, unit } = at();
    const { resumeToken, fileKey, uploadId, partUrls } = await api.begin({ size: unit });
    granted(await api.call('abort', { resumeToken }));
    expect(told(await api.call('resume', { resumeToken }))).toEqual([400, 'UPLOAD_ABORTED']);
    expect(told(await api.call('complete', { resumeToken }))).toEqual([400, 'UPLOAD_ABORTED']);
    expect(told(await api.call('sign', { resumeToken, parts: [{ partNumber: 1 }] }))).toEqual([400, 'UPLOAD_ABORTED']);
    expect((await put(partUrls[0]!, random(unit))).status).toBeGreaterThanOrEqual(400);
    await expectNothing(at(), fileKey, uploadId);
  });

  test('of complete and cancel at once one wins, the other is told, and a completed object stays', async () => {
    const { api, unit } = at();
    const outcomes = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const bytes = random(unit);
      const { resumeToken, fileKey, uploadId, partUrls } = await api.begin({ size: bytes.length });
      await putAll(partUrls, bytes);
      const calls = [() => api.call('complete', { resumeToken }), () => api.call('abort', { resumeToken })];
      if (round % 2) calls.reverse();
      const answers = await Promise.all(calls.map((call) => call()));
      if (round % 2) answers.reverse();
      const [completed, aborted] = answers.map((answer) => answer.status) as [number, number];
      outcomes.add(`${completed} ${aborted}`);
      expect([completed, aborted].filter((status) => status === 200)).toHaveLength(1);
      if (completed === 200) {
        expect(answers[1]!.body.error).toMatch(/^UPLOAD_(COMPLETING|ALREADY_COMPLETED)$/);
        await expectObject(at(), fileKey, bytes);
      } else {
        expect(told(answers[0]!)).toEqual([400, 'UPLOAD_ABORTED']);
        await expectNothing(at(), fileKey, uploadId);
      }
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });
}

/** How an upload stands, for whoever has its token and for its owner. */

import { expect, test } from 'bun:test';
import { BASE_PATH, type ProgressAnswer } from '../../server/contract/wire.ts';
import { granted, objectDigest, putAll, random, told } from './client.ts';
import { type Place, sendFile } from './place.ts';

export function progressSuite(at: () => Place): void {
  const ask = async (headers: Record<string, string>) => {
    const response = await fetch(`${at().server.url}${BASE_PATH}/progress`, { headers });
    return { status: response.status, body: (await response.json()) as ProgressAnswer & { error?: string } };
  };

  test('the token tells as a bearer or in a header of its own, alone or beside the owner’s key', async () => {
    const { api, unit } = at();
    const { resumeToken } = await api.begin({ size: 3 * unit });
    granted(await api.call('sign', { resumeToken, parts: [], stored: [2] }));
    const ways: Record<string, string>[] = [
      { authorization: `Bearer ${resumeToken}` },
      { authorization: `bearer  ${resumeToken}` },
      { 'x-resume-token': resumeToken },
      { 'x-resume-token': '', authorization: `Bearer ${resumeToken}` },
      { authorization: `Bearer ${resumeToken}`, 'x-api-key': 'dev' },
      { 'x-resume-token': resumeToken, authorization: 'Bearer dev' },
      { 'x-resume-token': resumeToken, 'x-api-key': '', authorization: 'Bearer dev' },
    ];
    for (const headers of ways) {
      const { status, body } = await ask(headers);
      expect([headers, status]).toEqual([headers, 200]);
      expect(body).toEqual({
        success: true,
        status: 'active',
        progress: {
          uploaded: 1,
          total: 3,
          percentage: (1 / 3) * 100,
          uploadedBytes: unit,
          totalBytes: 3 * unit,
          bytesPercentage: (1 / 3) * 100,
        },
      });
    }
  });

  test('without a token it says so; a wrong one, or a stranger’s key beside it, finds nothing', async () => {
    const { api, unit } = at();
    const { resumeToken } = await api.begin({ size: unit });
    const wrong = `${resumeToken.slice(0, -4)}AAAA`;
    const ways: [Record<string, string>, number, string][] = [
      [{}, 400, 'MISSING_RESUME_TOKEN'],
      [{ 'x-api-key': 'dev' }, 400, 'MISSING_RESUME_TOKEN'],
      [{ 'x-resume-token': '' }, 400, 'MISSING_RESUME_TOKEN'],
      [{ authorization: 'Bearer dev' }, 400, 'MISSING_RESUME_TOKEN'],
      [{ authorization: `Basic ${resumeToken}` }, 400, 'MISSING_RESUME_TOKEN'],
      [{ authorization: `Bearer ${wrong}` }, 404, 'UPLOAD_NOT_FOUND'],
      [{ 'x-resume-token': wrong }, 404, 'UPLOAD_NOT_FOUND'],
      [{ 'x-resume-token': 'x' }, 404, 'UPLOAD_NOT_FOUND'],
      [{ 'x-resume-token': resumeToken, 'x-api-key': 'guess' }, 401, 'UNAUTHENTICATED'],
    ];
    for (const [headers, status, error] of ways) {
      const answer = await ask(headers);
      expect([headers, answer.status, answer.body.error!]).toEqual([headers, status, error]);
    }
  });

  test('a finished upload tells its address, a cancelled one that it is, a failed one why', async () => {
    const { api, unit } = at();
    const done = await sendFile(at());
    const { url } = granted(await done.complete());
    const whole = { uploaded: 3, percentage: 100, bytesPercentage: 100 };
    expect(granted(await api.progress(done.resumeToken))).toMatchObject({ status: 'completed', url, progress: whole });

    const { resumeToken } = await api.begin({ size: unit });
    granted(await api.call('abort', { resumeToken }));
    expect(granted(await api.progress(resumeToken))).toEqual({
      success: true,
      status: 'aborted',
      progress: expect.anything(),
    });

    const bytes = random(unit);
    const bad = await api.begin({ size: unit });
    await putAll(bad.partUrls, bytes);
    const digest = objectDigest([{ digest: Buffer.alloc(16).toString('base64') }]);
    const refused = await api.call('complete', { resumeToken: bad.resumeToken, objectDigest: digest });
    expect(told(refused)).toEqual([409, 'DIGEST_MISMATCH']);
    expect(granted(await api.progress(bad.resumeToken))).toEqual({
      success: true,
      status: 'failed',
      progress: expect.anything(),
      errorCode: 'DIGEST_MISMATCH',
      errorMessage: refused.body.message!,
    });
  });
}

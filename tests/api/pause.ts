/** Pausing, which is a person's intention: it lasts until somebody says otherwise, and loses nothing. */

import { expect, test } from 'bun:test';
import { granted, putAll, random, told } from './client.ts';
import { expectObject, type Place, sendFile } from './place.ts';

export function pauseSuite(at: () => Place): void {
  test('a paused upload gets no URLs until it is resumed, and then arrives', async () => {
    const { api, unit } = at();
    const bytes = random(2 * unit + 10);
    const { resumeToken, partUrls, fileKey } = await api.begin({ size: bytes.length });
    await putAll(partUrls.slice(0, 1), bytes);
    granted(await api.call('sign', { resumeToken, parts: [], stored: [1] }));
    const progress = {
      uploaded: 1,
      total: 3,
      percentage: (1 / 3) * 100,
      uploadedBytes: unit,
      totalBytes: bytes.length,
      bytesPercentage: (unit / bytes.length) * 100,
    };
    const paused = granted(await api.call('pause', { resumeToken }));
    expect(paused).toEqual({ success: true, progress });
    expect(granted(await api.call('pause', { resumeToken }))).toEqual(paused);
    expect(granted(await api.progress(resumeToken))).toEqual({ success: true, status: 'paused', progress });
    const refused = await api.call('sign', { resumeToken, parts: [{ partNumber: 2 }], stored: [1] });
    expect(told(refused)).toEqual([409, 'UPLOAD_PAUSED']);

    const { remainingParts } = granted(await api.call('resume', { resumeToken }));
    expect(granted(await api.progress(resumeToken)).status).toBe('active');
    await putAll(remainingParts, bytes);
    granted(await api.call('complete', { resumeToken }));
    await expectObject(at(), fileKey, bytes);
  });

  test('a paused upload of which all has arrived can be completed', async () => {
    const { api } = at();
    const upload = await sendFile(at());
    granted(await api.call('pause', { resumeToken: upload.resumeToken }));
    expect(granted(await upload.complete()).verifiedBy).toBe('etag');
    await expectObject(at(), upload.fileKey, upload.bytes);
  });

  test('a complete that fails leaves a paused upload paused, and an active one active', async () => {
    const { api, unit } = at();
    for (const status of ['paused', 'active'] as const) {
      const { resumeToken } = await api.begin({ size: 2 * unit });
      if (status === 'paused') granted(await api.call('pause', { resumeToken }));
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(told(await api.call('complete', { resumeToken }))).toEqual([400, 'INCOMPLETE_PARTS']);
        expect(granted(await api.progress(resumeToken)).status).toBe(status);
      }
    }
  });

  test('what has ended cannot be paused', async () => {
    const { api, unit } = at();
    const done = await sendFile(at());
    granted(await done.complete());
    expect(told(await api.call('pause', { resumeToken: done.resumeToken }))).toEqual([400, 'UPLOAD_ALREADY_COMPLETED']);
    const { resumeToken } = await api.begin({ size: unit });
    granted(await api.call('abort', { resumeToken }));
    expect(told(await api.call('pause', { resumeToken }))).toEqual([400, 'UPLOAD_ABORTED']);
  });

  test('a paused upload can be cancelled', async () => {
    const { api, unit } = at();
    const { resumeToken } = await api.begin({ size: unit });
    granted(await api.call('pause', { resumeToken }));
    granted(await api.call('abort', { resumeToken }));
    expect(granted(await api.progress(resumeToken)).status).toBe('aborted');
  });
}

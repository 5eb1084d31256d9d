/** Signing part after part, and coming back to what is there. */

import { expect, test } from 'bun:test';
import { ListPartsCommand } from '@aws-sdk/client-s3';
import type { PartUrl } from '../../server/contract/wire.ts';
import { cut, digestsFor, granted, md5, objectDigest, put, putAll, random, told } from './client.ts';
import { expectObject, type Place } from './place.ts';

export async function partsIn({ store, bucket }: Place, Key: string, UploadId: string): Promise<number[]> {
  const { Parts = [] } = await store.s3.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }));
  return Parts.map(({ PartNumber }) => PartNumber!);
}

export function signSuite(at: () => Place): void {
  test('a digest caller’s URL takes the very bytes it was signed for and nothing else', async () => {
    const { api, unit } = at();
    const bytes = random(unit + 10);
    const parts = digestsFor(bytes, unit);
    const { resumeToken, fileKey, uploadId } = await api.begin({ size: bytes.length }, { partUrlCount: 0 });
    const { partUrls, expiresIn } = granted(await api.call('sign', { resumeToken, parts }));
    expect(expiresIn).toBe(900);
    const [first, second] = partUrls as [PartUrl, PartUrl];
    const [one, two] = cut(bytes, unit) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];

    const refused = [400, 403];
    expect(refused).toContain((await put(first, one.subarray(1))).status);
    expect(refused).toContain((await put(first, random(unit))).status);
    expect(refused).toContain((await put({ ...first, headers: {} }, one)).status);
    expect(refused).toContain((await put({ ...first, headers: { 'content-md5': md5(two) } }, one)).status);
    expect(refused).toContain((await put({ ...second, url: first.url }, two)).status);
    expect(await partsIn(at(), fileKey, uploadId!)).toEqual([]);

    await putAll(partUrls, bytes);
    const done = granted(await api.call('complete', { resumeToken, objectDigest: objectDigest(parts) }));
    expect([done.verifiedBy, done.etag]).toEqual(['etag', objectDigest(parts)]);
    await expectObject(at(), fileKey, bytes);
  });

  test('a plain caller’s URL takes no other length', async () => {
    const { api, unit } = at();
    const { partUrls, fileKey, uploadId } = await api.begin({ size: unit });
    expect([400, 403]).toContain((await put(partUrls[0]!, random(unit - 1))).status);
    expect([400, 403]).toContain((await put(partUrls[0]!, random(unit + 1))).status);
    expect(await partsIn(at(), fileKey, uploadId!)).toEqual([]);
  });

  test('what is reported as stored is counted, and gets no URL any more', async () => {
    const { api, unit } = at();
    const bytes = random(2 * unit + 10);
    const parts = digestsFor(bytes, unit);
    const { resumeToken, partUrls } = await api.begin({ size: bytes.length }, { partSize: unit, parts });
    await put(partUrls[0]!, bytes.subarray(0, unit));
    const next = granted(await api.call('sign', { resumeToken, parts, stored: [1] }));
    expect(next.partUrls.map(({ partNumber }) => partNumber)).toEqual([2, 3]);
    expect(next.storedParts).toEqual([[1, 1]]);
    expect(next.progress).toEqual({
      uploaded: 1,
      total: 3,
      percentage: (1 / 3) * 100,
      uploadedBytes: unit,
      totalBytes: bytes.length,
      bytesPercentage: (unit / bytes.length) * 100,
    });
  });

  test('a stored part is never signed for other bytes', async () => {
    const { api, unit } = at();
    const bytes = random(unit + 10);
    const parts = digestsFor(bytes, unit);
    const { resumeToken, partUrls } = await api.begin({ size: bytes.length }, { partSize: unit, parts });
    await putAll(partUrls, bytes);
    const other = [{ partNumber: 1, digest: md5(random(unit)) }];
    const asked = await api.call('sign', { resumeToken, parts: other, reconcile: true });
    expect(told(asked)).toEqual([409, 'PART_ALREADY_STORED']);
    const reported = granted(await api.call('sign', { resumeToken, parts: other, stored: [1, 2] }));
    expect(reported.partUrls).toEqual([]);
    expect(told(await api.call('sign', { resumeToken, parts: other }))).toEqual([409, 'PART_ALREADY_STORED']);
    expect(granted(await api.call('sign', { resumeToken, parts })).partUrls).toEqual([]);
  });

  test('on demand the store is asked, and what was reported falsely is put right', async () => {
    const { api, unit } = at();
    const bytes = random(3 * unit);
    const parts = digestsFor(bytes, unit);
    const { resumeToken, partUrls } = await api.begin({ size: bytes.length }, { partSize: unit, parts });
    await put(partUrls[1]!, bytes.subarray(unit, 2 * unit));
    const believed = granted(await api.call('sign', { resumeToken, parts: [], stored: [1, 3] }));
    expect(believed.storedParts).toEqual([
      [1, 1],
      [3, 3],
    ]);
    const known = granted(await api.call('sign', { resumeToken, parts: [parts[1]], reconcile: true }));
    expect([known.storedParts, known.partUrls]).toEqual([[[2, 2]], []]);
    const rest = granted(await api.call('sign', { resumeToken, parts }));
    expect(rest.partUrls.map(({ partNumber }) => partNumber)).toEqual([1, 3]);
  });

  test('a part beyond the last is refused', async () => {
    const { api, unit } = at();
    const { resumeToken } = await api.begin({ size: unit });
    const wishes = [{ parts: [{ partNumber: 2 }] }, { parts: [], stored: [2] }];
    for (const wish of wishes)
      expect(told(await api.call('sign', { resumeToken, ...wish }))).toEqual([400, 'INVALID_REQUEST']);
  });

  test('resume tells what is stored, and gives URLs for the rest alone', async () => {
    const { api, unit } = at();
    const bytes = random(3 * unit + 10);
    const begun = await api.begin({ size: bytes.length });
    await putAll([begun.partUrls[1]!, begun.partUrls[3]!], bytes);
    const answer = granted(await api.call('resume', { resumeToken: begun.resumeToken }));
    expect(answer).toEqual({
      success: true,
      resumeToken: begun.resumeToken,
      uploadId: begun.uploadId,
      fileKey: begun.fileKey,
      filename: 'film.bin',
      totalParts: 4,
      partSize: unit,
      uploadedParts: [
        {
          partNumber: 2,
          etag: md5(bytes.subarray(unit, 2 * unit), 'hex'),
          size: unit,
          lastModified: expect.any(String),
        },
        { partNumber: 4, etag: md5(bytes.subarray(3 * unit), 'hex'), size: 10, lastModified: expect.any(String) },
      ],
      remainingParts: [
        { partNumber: 1, url: expect.any(String), headers: {}, size: unit, start: 0, end: unit - 1 },
        { partNumber: 3, url: expect.any(String), headers: {}, size: unit, start: 2 * unit, end: 3 * unit - 1 },
      ],
      progress: {
        uploaded: 2,
        total: 4,
        percentage: 50,
        uploadedBytes: unit + 10,
        totalBytes: bytes.length,
        bytesPercentage: ((unit + 10) / bytes.length) * 100,
      },
      resumeTime: expect.any(Number),
      message: expect.any(String),
    });
    for (const { lastModified } of answer.uploadedParts)
      expect(Math.abs(Date.parse(lastModified) - Date.now())).toBeLessThan(600_000);
    const one = granted(await api.call('resume', { resumeToken: begun.resumeToken, partUrlCount: 1 }));
    expect(one.remainingParts.map(({ partNumber }) => partNumber)).toEqual([1]);
    await putAll(answer.remainingParts, bytes);
    granted(await api.call('complete', { resumeToken: begun.resumeToken }));
    await expectObject(at(), begun.fileKey, bytes);
  });
}

/** Done means done: the store's own list, its finished object, and what the client computed. */

import { expect, test } from 'bun:test';
import { UploadPartCommand } from '@aws-sdk/client-s3';
import { keysIn } from '../store.ts';
import { uploadsOf } from './begin.ts';
import { granted, patiently, put, putAll, random, told } from './client.ts';
import { expectNothing, expectObject, type Place, sendFile } from './place.ts';

export function completeSuite(at: () => Place): void {
  test('complete tells where the object is and how it was verified, and tells it again the same', async () => {
    const { api, bucket, store } = at();
    const { resumeToken, fileKey, bytes, digest, totalParts } = await sendFile(at());
    const address = `${store.endpoint}/${bucket}/${fileKey}`;
    const first = granted(await api.call('complete', { resumeToken, objectDigest: digest }));
    expect(first).toEqual({
      success: true,
      url: address,
      downloadUrl: expect.any(String),
      fileKey,
      filename: 'film.bin',
      fileSize: bytes.length,
      etag: digest,
      verifiedBy: 'etag',
      location: address,
      provider: 'S3',
      bucket,
      totalParts,
      completionTime: expect.any(Number),
      message: expect.any(String),
    });
    await expectObject(at(), fileKey, bytes);
    expect(await uploadsOf(at(), fileKey)).toEqual([]);
    const download = await fetch(first.downloadUrl!);
    expect(download.headers.get('content-disposition')).toContain('film.bin');
    expect(await download.bytes()).toEqual(bytes);

    const again = granted(await api.call('complete', { resumeToken, objectDigest: digest }));
    const { downloadUrl: _, completionTime: __, ...lasting } = first;
    expect(again).toMatchObject(lasting);
  });

  test('what comes after the end is told that it is over', async () => {
    const { api } = at();
    const { resumeToken } = await sendFile(at());
    granted(await api.call('complete', { resumeToken }));
    const over = [400, 'UPLOAD_ALREADY_COMPLETED'];
    expect(told(await api.call('resume', { resumeToken })) as unknown[]).toEqual(over);
    expect(told(await api.call('abort', { resumeToken })) as unknown[]).toEqual(over);
    expect(told(await api.call('sign', { resumeToken, parts: [{ partNumber: 1 }] })) as unknown[]).toEqual(over);
  });

  test('a caller without digests is verified by size', async () => {
    const { api } = at();
    const { resumeToken, fileKey, bytes } = await sendFile(at());
    expect(granted(await api.call('complete', { resumeToken })).verifiedBy).toBe('size');
    await expectObject(at(), fileKey, bytes);
  });

  test('what was finished without a digest is not done for whoever has the digest of other bytes', async () => {
    const { api } = at();
    const { resumeToken, fileKey, bytes, digest } = await sendFile(at());
    granted(await api.call('complete', { resumeToken }));
    const other = { resumeToken, objectDigest: `${'0'.repeat(32)}-3` };
    expect(told(await api.call('complete', other))).toEqual([409, 'DIGEST_MISMATCH']);
    expect(granted(await api.call('complete', { resumeToken, objectDigest: digest })).etag).toBe(digest);
    await expectObject(at(), fileKey, bytes);
  });

  test('a caller may send its ETags, quoted or not; a wrong or a missing one is named', async () => {
    const { api } = at();
    const { resumeToken, fileKey, bytes } = await sendFile(at());
    const { uploadedParts } = granted(await api.call('resume', { resumeToken }));
    const parts = uploadedParts.map(({ partNumber, etag }) => ({ partNumber, etag: `"${etag}"` }));
    const forged = parts.with(1, { partNumber: 2, etag: '0'.repeat(32) });
    const wrong = await api.call('complete', { resumeToken, parts: forged });
    expect([told(wrong), wrong.body.missing]).toEqual([[400, 'INCOMPLETE_PARTS'], [2]]);
    const short = await api.call('complete', { resumeToken, parts: parts.slice(1) });
    expect([told(short), short.body.missing]).toEqual([[400, 'INCOMPLETE_PARTS'], [1]]);
    for (const empty of [[], 'all', null, {}])
      expect(told(await api.call('complete', { resumeToken, parts: empty }))).toEqual([400, 'MISSING_PARTS']);
    granted(await api.call('complete', { resumeToken, parts }));
    await expectObject(at(), fileKey, bytes);
  });

  test('missing parts are named, can be sent, and then it completes', async () => {
    const { api, unit } = at();
    const bytes = random(3 * unit + 10);
    const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length });
    await putAll([partUrls[0]!, partUrls[2]!], bytes);
    await api.call('sign', { resumeToken, parts: [], stored: [1, 2, 3, 4] });
    const refused = await api.call('complete', { resumeToken });
    expect([told(refused), refused.body.missing]).toEqual([
      [400, 'INCOMPLETE_PARTS'],
      [2, 4],
    ]);
    expect(await keysIn(at().store, at().bucket)).not.toContain(fileKey);
    const { remainingParts } = granted(await api.call('resume', { resumeToken }));
    await putAll(remainingParts, bytes);
    granted(await api.call('complete', { resumeToken }));
    await expectObject(at(), fileKey, bytes);
  });

  test('a stored part overwritten behind our back with as many other bytes is never called done', async () => {
    const { api, unit, store, bucket } = at();
    const { resumeToken, fileKey, uploadId, digest } = await sendFile(at());
    await store.s3.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: fileKey,
        UploadId: uploadId!,
        PartNumber: 2,
        Body: random(unit),
      }),
    );
    for (let attempt = 0; attempt < 3; attempt++)
      expect(told(await api.call('complete', { resumeToken, objectDigest: digest }))).toEqual([409, 'DIGEST_MISMATCH']);
    expect(told(await api.call('complete', { resumeToken }))).toEqual([409, 'DIGEST_MISMATCH']);
    expect(told(await api.call('resume', { resumeToken }))).toEqual([409, 'DIGEST_MISMATCH']);
    await expectNothing(at(), fileKey, uploadId);
  });

  test('a part of another size behind our back is missing, not done', async () => {
    const { api, store, bucket } = at();
    const { resumeToken, fileKey, uploadId } = await sendFile(at());
    const last = { Bucket: bucket, Key: fileKey, UploadId: uploadId!, PartNumber: 3 };
    await store.s3.send(new UploadPartCommand({ ...last, Body: random(9) }));
    const answer = await api.call('complete', { resumeToken });
    expect([told(answer), answer.body.missing]).toEqual([[400, 'INCOMPLETE_PARTS'], [3]]);
  });

  test('fifty completes at once make one object and get one answer', async () => {
    const { api } = at();
    const { resumeToken, fileKey, bytes, digest } = await sendFile(at());
    const ask = () => api.call('complete', { resumeToken, objectDigest: digest });
    const answers = await Promise.all(Array.from({ length: 50 }, () => patiently(ask)));
    const said = new Set(
      answers.map(({ status, body: { url, etag, verifiedBy } }) => JSON.stringify([status, url, etag, verifiedBy])),
    );
    expect([...said]).toEqual([JSON.stringify([200, answers[0]!.body.url, digest, 'etag'])]);
    await expectObject(at(), fileKey, bytes);
  });

  test('an upload that vanished from the store has to be begun anew', async () => {
    const { api, store, bucket } = at();
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { resumeToken, fileKey, uploadId } = await sendFile(at());
    await store.s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: fileKey, UploadId: uploadId! }));
    expect(told(await api.call('complete', { resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);
    expect(told(await api.call('resume', { resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);
  });

  test('one completed by somebody else in the store is found to be complete', async () => {
    const { api, store, bucket } = at();
    const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { resumeToken, fileKey, uploadId, bytes, digest } = await sendFile(at());
    const { uploadedParts } = granted(await api.call('resume', { resumeToken }));
    const Parts = uploadedParts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
    const upload = { Bucket: bucket, Key: fileKey, UploadId: uploadId!, MultipartUpload: { Parts } };
    await store.s3.send(new CompleteMultipartUploadCommand(upload));
    expect(told(await api.call('resume', { resumeToken }))).toEqual([400, 'UPLOAD_ALREADY_COMPLETED']);
    expect(granted(await api.call('complete', { resumeToken, objectDigest: digest })).verifiedBy).toBe('etag');
    await expectObject(at(), fileKey, bytes);
  });

  test('a single small part completes', async () => {
    const { api } = at();
    const { resumeToken, partUrls, fileKey } = await api.begin({ size: 1 });
    const bytes = random(1);
    await put(partUrls[0]!, bytes);
    expect(granted(await api.call('complete', { resumeToken })).fileSize).toBe(1);
    await expectObject(at(), fileKey, bytes);
  });
}

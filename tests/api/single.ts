/** A file of one part whose digest is known: one PUT to its key, and nothing else in the store. */

import { expect, test } from 'bun:test';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { parse } from 'content-disposition';
import { keysIn } from '../store.ts';
import { NAMES, uploadsOf } from './begin.ts';
import { digestsFor, granted, md5, objectDigest, put, putAll, random, told } from './client.ts';
import { expectNothing, expectObject, head, type Place } from './place.ts';

export function singleSuite(at: () => Place): void {
  /** Begun by whoever knows the digest of the whole file. */
  async function begin(size = at().unit, more: object = {}, key?: string) {
    const bytes = random(size);
    const parts = [{ partNumber: 1, digest: md5(bytes) }];
    const begun = await at().api.begin({ size }, { parts, ...more }, key);
    const wish = { resumeToken: begun.resumeToken, objectDigest: objectDigest(parts) };
    return { ...begun, bytes, parts, wish, url: begun.partUrls[0]! };
  }
  async function sent(size?: number, more?: object) {
    const file = await begin(size, more);
    await putAll(file.partUrls, file.bytes);
    return file;
  }

  test('it is begun with one URL and no upload in the store, sent, and verified by its ETag', async () => {
    const { api, unit } = at();
    const { bytes, fileKey, url, uploadId, wish, partUrls, expiresIn, totalParts, sessionId } = await begin();
    expect([uploadId, totalParts, partUrls.length, expiresIn]).toEqual([null, 1, 1, 900]);
    expect(url).toMatchObject({ partNumber: 1, size: unit, start: 0, end: unit - 1 });
    expect(new URL(url.url).searchParams.get('X-Amz-Expires')).toBe('900');
    expect(await uploadsOf(at(), fileKey)).toEqual([]);
    await putAll(partUrls, bytes);
    const done = granted(await api.call('complete', wish));
    expect(done).toMatchObject({ verifiedBy: 'etag', etag: md5(bytes, 'hex'), fileSize: unit, totalParts: 1 });
    await expectObject(at(), fileKey, bytes);
    const { downloadUrl: _, completionTime: __, ...lasting } = done;
    expect(granted(await api.call('complete', wish))).toMatchObject(lasting);
    expect(granted(await api.progress(wish.resumeToken)).status).toBe('completed');
    expect(granted(await api.list({ limit: '1' })).uploads[0]).toMatchObject({ id: sessionId, status: 'completed' });
  });

  test('an empty file and one of a byte go so, too', async () => {
    for (const size of [0, 1]) {
      const { bytes, fileKey, wish, uploadId } = await sent(size);
      expect(uploadId).toBeNull();
      expect(granted(await at().api.call('complete', wish))).toMatchObject({ verifiedBy: 'etag', fileSize: size });
      await expectObject(at(), fileKey, bytes);
    }
  });

  test('everything that the object carries is signed, and is there', async () => {
    const { api, unit } = at();
    const bytes = random(unit);
    const parts = digestsFor(bytes, unit);
    const contentType = 'text/plain;  charset=utf-8 ';
    for (const name of Object.values(NAMES)) {
      const file = { size: unit, name, type: contentType };
      const { partUrls, fileKey, resumeToken } = await api.begin(file, { parts, metadata: { Album: 'Straße  7' } });
      const { headers, url } = partUrls[0]!;
      const kept = [...name].slice(-100).join('');
      expect(Object.keys(headers).toSorted()).toEqual([
        'content-disposition',
        'content-md5',
        'content-type',
        'x-amz-meta-album',
        'x-amz-meta-original-filename',
        'x-amz-meta-upload-started',
        'x-amz-meta-user-id',
      ]);
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')!.split(';')).toEqual(
        [...Object.keys(headers), 'content-length', 'host'].toSorted(),
      );
      await putAll(partUrls, bytes);
      granted(await api.call('complete', { resumeToken }));
      const { Metadata, ContentDisposition, ContentType } = await head(at(), fileKey);
      expect(ContentType).toBe(contentType.trim());
      expect(decodeURIComponent(Metadata!['original-filename']!)).toBe(kept);
      expect(decodeURIComponent(Metadata!.album!)).toBe('Straße  7');
      expect(parse(ContentDisposition!)).toMatchObject({ type: 'attachment', parameters: { filename: kept } });
    }
  });

  test('the URL takes the very bytes and headers that it was signed for, and nothing else', async () => {
    const { bytes, url, fileKey, wish } = await begin();
    const other = random(bytes.length);
    const changed = (more: Record<string, string>) => ({ ...url, headers: { ...url.headers, ...more } });
    const { 'content-md5': _, ...unbound } = url.headers;
    const { 'content-type': __, ...untyped } = url.headers;
    for (const [way, body] of [
      [url, bytes.subarray(1)],
      [url, other],
      [changed({ 'content-md5': md5(other) }), other],
      [changed({ 'content-type': 'text/html' }), bytes],
      [changed({ 'content-disposition': 'inline' }), bytes],
      [changed({ 'x-amz-meta-user-id': 'mallory' }), bytes],
      [{ ...url, headers: unbound }, bytes],
      [{ ...url, headers: untyped }, bytes],
    ] as const)
      expect([400, 403]).toContain((await put(way, body as Uint8Array<ArrayBuffer>)).status);
    expect(await keysIn(at().store, at().bucket)).not.toContain(fileKey);
    const refused = await at().api.call('complete', wish);
    expect([told(refused), refused.body.missing]).toEqual([[400, 'INCOMPLETE_PARTS'], [1]]);
    // And then it can be sent.
    await putAll([url], bytes);
    granted(await at().api.call('complete', wish));
    await expectObject(at(), fileKey, bytes);
  });

  test('a caller without the digest, or with those of another plan, gets a multipart upload', async () => {
    const { api, unit } = at();
    const [part] = digestsFor(random(unit), unit);
    const plain = await api.begin({ size: unit });
    // Digests of two parts, and the server would have one.
    const guessed = { partSize: Math.floor(unit / 2), parts: digestsFor(random(unit), Math.ceil(unit / 2)) };
    const other = await api.begin({ size: unit }, guessed);
    const first = await api.begin({ size: unit }, { ...guessed, parts: guessed.parts.slice(0, 1) });
    const two = await api.begin({ size: unit + 1 }, { parts: [part], partSize: unit });
    for (const { uploadId } of [plain, other, first, two]) expect(uploadId).toBeString();
    expect([other.partUrls, first.partUrls, other.partSize]).toEqual([[], [], unit]);
  });

  test('sign and resume give its URL anew until the store has it; then they tell so', async () => {
    const { api, unit } = at();
    const { bytes, parts, resumeToken, fileKey, wish } = await begin();
    const again = granted(await api.call('sign', { resumeToken, parts }));
    const unnamed = granted(await api.call('sign', { resumeToken, parts: [{ partNumber: 1 }] }));
    const resumed = granted(await api.call('resume', { resumeToken }));
    expect([again.expiresIn, unnamed.expiresIn, resumed.uploadedParts, resumed.uploadId]).toEqual([900, 900, [], null]);
    const urls = [again.partUrls[0]!, unnamed.partUrls[0]!, resumed.remainingParts[0]!];
    for (const url of urls) {
      expect((await put(url, random(unit))).status).toBeGreaterThanOrEqual(400);
      expect((await put(url, bytes)).status).toBe(200);
    }
    const known = granted(await api.call('sign', { resumeToken, parts, reconcile: true }));
    expect([known.partUrls, known.storedParts, known.progress.uploadedBytes]).toEqual([[], [[1, 1]], unit]);
    const told = granted(await api.call('resume', { resumeToken }));
    expect([told.remainingParts, told.uploadedParts]).toEqual([
      [],
      [{ partNumber: 1, etag: md5(bytes, 'hex'), size: unit, lastModified: expect.any(String) }],
    ]);
    expect(Math.abs(Date.parse(told.uploadedParts[0]!.lastModified) - Date.now())).toBeLessThan(600_000);
    granted(await api.call('complete', { ...wish, parts: [{ partNumber: 1, etag: `"${md5(bytes, 'hex')}"` }] }));
    await expectObject(at(), fileKey, bytes);
  });

  test('what was reported falsely is put right, and another ETag than the store’s is no part of it', async () => {
    const { api } = at();
    const { bytes, partUrls, resumeToken, parts, wish } = await begin();
    expect(granted(await api.call('sign', { resumeToken, parts: [], stored: [1] })).storedParts).toEqual([[1, 1]]);
    const known = granted(await api.call('sign', { resumeToken, parts, reconcile: true }));
    expect([known.storedParts, known.partUrls.length]).toEqual([[], 1]);
    await putAll(partUrls, bytes);
    const wrong = await api.call('complete', { ...wish, parts: [{ partNumber: 1, etag: '0'.repeat(32) }] });
    expect([told(wrong), wrong.body.missing]).toEqual([[400, 'INCOMPLETE_PARTS'], [1]]);
    granted(await api.call('complete', wish));
  });

  test('it is never signed for other bytes, so that nobody can put those in its place once it is verified', async () => {
    const { api, unit } = at();
    const key = crypto.randomUUID();
    const { bytes, partUrls, resumeToken, wish, fileKey } = await begin(unit, {}, key);
    const other = [{ partNumber: 1, digest: md5(random(unit)) }];
    const refused = async () => {
      expect(told(await api.call('sign', { resumeToken, parts: other }))).toEqual([409, 'PART_ALREADY_STORED']);
      const headers = { ...api.credentials, 'idempotency-key': key };
      const file = { filename: 'film.bin', contentType: 'video/mp4', fileSize: unit };
      const again = await api.call('init', { ...file, parts: other }, headers);
      expect(told(again)).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    };
    await refused();
    await putAll(partUrls, bytes);
    await refused();
    granted(await api.call('complete', wish));
    // A PUT of the same bytes may still come late.
    expect((await put(partUrls[0]!, bytes)).status).toBe(200);
    await expectObject(at(), fileKey, bytes);
    granted(await api.call('complete', wish));
  });

  test('the same Idempotency-Key gives the same session, with digests or without', async () => {
    const { api, unit } = at();
    const key = crypto.randomUUID();
    const { bytes, resumeToken, sessionId, wish, parts, fileKey } = await begin(unit, {}, key);
    const same = await api.begin({ size: unit }, { parts }, key);
    const plain = await api.begin({ size: unit }, {}, key);
    expect([same, plain].map((one) => [one.sessionId, one.resumeToken, one.uploadId])).toEqual(
      Array(2).fill([sessionId, resumeToken, null]),
    );
    await putAll(plain.partUrls, bytes);
    granted(await api.call('complete', wish));
    await expectObject(at(), fileKey, bytes);
  });

  test('without the digest told again it is compared with the one that it was begun with', async () => {
    const { api } = at();
    const { resumeToken, wish, fileKey } = await sent();
    expect(granted(await api.call('complete', { resumeToken })).verifiedBy).toBe('etag');
    expect(granted(await api.call('complete', wish)).fileKey).toBe(fileKey);
    const other = { resumeToken, objectDigest: `${'0'.repeat(32)}-1` };
    expect(told(await api.call('complete', other))).toEqual([409, 'DIGEST_MISMATCH']);
  });

  test('overwritten behind our back, by as many other bytes or by more, it is never called done, and goes', async () => {
    const { api, unit, store, bucket } = at();
    for (const size of [unit, unit + 1]) {
      const { resumeToken, wish, fileKey } = await sent();
      await store.s3.send(new PutObjectCommand({ Bucket: bucket, Key: fileKey, Body: random(size) }));
      expect(told(await api.call('complete', wish))).toEqual([409, 'DIGEST_MISMATCH']);
      await expectNothing(at(), fileKey);
      expect(granted(await api.progress(resumeToken))).toMatchObject({ errorCode: 'DIGEST_MISMATCH' });
    }
    const { wish, fileKey } = await sent();
    const { body } = await api.call('complete', { ...wish, objectDigest: `${'0'.repeat(32)}-1` });
    expect(body.error).toBe('DIGEST_MISMATCH');
    await expectNothing(at(), fileKey);
  });

  test('cancelled it is gone, and its calls say so', async () => {
    const { api } = at();
    for (const file of [await begin(), await sent()]) {
      const { resumeToken, fileKey, parts, wish } = file;
      granted(await api.call('abort', { resumeToken }));
      await expectNothing(at(), fileKey);
      granted(await api.call('abort', { resumeToken }));
      expect(told(await api.call('sign', { resumeToken, parts }))).toEqual([400, 'UPLOAD_ABORTED']);
      expect(told(await api.call('complete', wish))).toEqual([400, 'UPLOAD_ABORTED']);
    }
  });

  test('it can be paused, claimed and gone on with', async () => {
    const { api } = at();
    const fingerprint = crypto.randomUUID();
    const { resumeToken, bytes, wish, fileKey, parts } = await begin(undefined, { fingerprint });
    granted(await api.call('pause', { resumeToken }));
    expect(told(await api.call('sign', { resumeToken, parts }))).toEqual([409, 'UPLOAD_PAUSED']);
    const claimed = granted(await api.call('claim', { fingerprint }));
    expect([claimed.uploadId, claimed.status]).toEqual([null, 'paused']);
    const { remainingParts } = granted(await api.call('resume', { resumeToken: claimed.resumeToken }));
    await putAll(remainingParts, bytes);
    granted(await api.call('complete', { ...wish, resumeToken: claimed.resumeToken }));
    const { Body } = await at().store.s3.send(new GetObjectCommand({ Bucket: at().bucket, Key: fileKey }));
    expect(new Uint8Array(await Body!.transformToByteArray())).toEqual(bytes);
  });

  test('twenty completes at once give one answer, and of complete and cancel at once one wins', async () => {
    const { api } = at();
    const { wish } = await sent();
    const all = await Promise.all(Array.from({ length: 20 }, () => api.call('complete', wish)));
    expect(new Set(all.map((answer) => granted(answer).etag)).size).toBe(1);
    for (let round = 0; round < 6; round++) {
      const { wish, fileKey, bytes, resumeToken } = await sent();
      const calls = [() => api.call('complete', wish), () => api.call('abort', { resumeToken })];
      if (round % 2) calls.reverse();
      const answers = await Promise.all(calls.map((call) => call()));
      const [completed] = round % 2 ? answers.toReversed() : answers;
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      if (completed!.status === 200) await expectObject(at(), fileKey, bytes);
      else await expectNothing(at(), fileKey);
    }
  });
}

/** How an upload begins: what a caller is told, and what the store keeps of it. */

import { expect, test } from 'bun:test';
import { parse } from 'content-disposition';
import { digestsFor, granted, put, putAll, random, told } from './client.ts';
import { expectObject, head, type Place } from './place.ts';

export const NAMES: Record<string, string> = {
  'that climbs out of its folder': '../../etc/passwd',
  'that is a path': '/',
  'with quotes and backslashes': 'say "cheese" \\ now.jpg',
  'with blanks in rows and at its ends': '  two  spaces .txt ',
  'that looks encoded': '50%20off;x=y.pdf',
  'with a line break': 'first\r\nx-injected: yes.txt',
  'written from right to left': 'شريط العطلة.mp4',
  'of emoji made of several': '👩‍👩‍👧 café Straße 漢字.png',
  'of a thousand characters': `${'ж'.repeat(1000)}.mov`,
};

export function beginSuite(at: () => Place): void {
  test('a plain caller gets URLs for all parts, as long-lived as the session, and numbers that are numbers', async () => {
    const { api, unit } = at();
    const answer = await api.begin({ size: 2 * unit + 10 });
    expect(answer).toEqual({
      success: true,
      resumeToken: expect.stringMatching(/^mpu_[\w-]{64}$/),
      sessionId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      uploadId: expect.any(String),
      fileKey: expect.stringMatching(/^multipart\/[\w-]{32}$/),
      partUrls: [
        { partNumber: 1, url: expect.any(String), headers: {}, size: unit, start: 0, end: unit - 1 },
        { partNumber: 2, url: expect.any(String), headers: {}, size: unit, start: unit, end: 2 * unit - 1 },
        { partNumber: 3, url: expect.any(String), headers: {}, size: 10, start: 2 * unit, end: 2 * unit + 9 },
      ],
      totalParts: 3,
      partSize: unit,
      fileSize: 2 * unit + 10,
      expiresIn: expect.any(Number),
      sessionExpiresIn: expect.any(Number),
      initializationTime: expect.any(Number),
      message: expect.any(String),
    });
    for (const { url } of answer.partUrls)
      expect(Number(new URL(url).searchParams.get('X-Amz-Expires'))).toBe(answer.expiresIn);
    expect(answer.sessionExpiresIn).toBeGreaterThan(7 * 86_400 - 60);
    expect(answer.sessionExpiresIn - answer.expiresIn).toBeLessThanOrEqual(1);
  });

  test('a plain caller PUTs each part and gets the very bytes back', async () => {
    const { api, unit } = at();
    const bytes = random(2 * unit + 10);
    const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    granted(await api.call('complete', { resumeToken }));
    await expectObject(at(), fileKey, bytes);
  });

  test('a caller that asks for fewer URLs gets fewer', async () => {
    const { api, unit } = at();
    const some = await api.begin({ size: 3 * unit }, { partUrlCount: 2 });
    expect(some.partUrls.map(({ partNumber }) => partNumber)).toEqual([1, 2]);
    const none = await api.begin({ size: 3 * unit }, { partUrlCount: 0 });
    expect(none.partUrls).toEqual([]);
    expect(none.totalParts).toBe(3);
  });

  test('a caller that guessed the plan gets bound URLs that live 15 minutes; one that guessed wrong, the plan', async () => {
    const { api, unit } = at();
    const bytes = random(unit + 10);
    const right = await api.begin({ size: bytes.length }, { partSize: unit, parts: digestsFor(bytes, unit) });
    expect(right.partUrls.map(({ headers }) => headers['content-md5'])).toEqual(
      digestsFor(bytes, unit).map(({ digest }) => digest),
    );
    expect(right.expiresIn).toBe(900);
    const small = Math.floor(unit / 2);
    const wrong = await api.begin({ size: bytes.length }, { partSize: small, parts: digestsFor(bytes, small) });
    expect(wrong.partUrls).toEqual([]);
    expect(wrong.partSize).toBe(unit);
  });

  test('an empty file is one empty part, and arrives', async () => {
    const { api } = at();
    const { partUrls, totalParts, resumeToken, fileKey } = await api.begin({ size: 0 });
    expect(totalParts).toBe(1);
    expect(partUrls).toMatchObject([{ partNumber: 1, size: 0, start: 0, end: -1 }]);
    expect(await put(partUrls[0]!, random(0))).toEqual({ status: 200, code: undefined });
    expect(granted(await api.call('complete', { resumeToken }))).toMatchObject({ fileSize: 0, totalParts: 1 });
    await expectObject(at(), fileKey, random(0));
  });

  for (const [what, name] of Object.entries(NAMES))
    test(`a file name ${what} is kept for people and never used as a path`, async () => {
      const { api } = at();
      const { partUrls, resumeToken, fileKey } = await api.begin({ size: 10, name });
      expect(fileKey).toMatch(/^multipart\/[\w-]{32}$/);
      await put(partUrls[0]!, random(10));
      const done = granted(await api.call('complete', { resumeToken }));
      expect(done.filename).toBe(name);
      const { Metadata, ContentDisposition, ContentType } = await head(at(), fileKey);
      const kept = [...name].slice(-100).join('');
      expect(decodeURIComponent(Metadata!['original-filename']!)).toBe(kept);
      expect(parse(ContentDisposition!)).toMatchObject({ type: 'attachment', parameters: { filename: kept } });
      expect(ContentType).toBe('video/mp4');
    });

  test('a file name of a million characters is taken, and its end kept', async () => {
    const { api } = at();
    const name = `${'👩'.repeat(500_000)}.mov`;
    const { resumeToken } = await api.begin({ size: 10, name });
    const { filename } = granted(await api.call('resume', { resumeToken }));
    expect([filename.length <= 4096, name.endsWith(filename), filename.isWellFormed()]).toEqual([true, true, true]);
    granted(await api.call('abort', { resumeToken }));
  });

  test('who sent it and when stands at the object, and the caller’s metadata cannot overrule that', async () => {
    const { api } = at();
    const metadata = { Album: 'Größe & Co', 'user-id': 'somebody else', 'ORIGINAL-FILENAME': 'forged' };
    const { partUrls, resumeToken, fileKey } = await api.begin({ size: 10 }, { metadata });
    await put(partUrls[0]!, random(10));
    granted(await api.call('complete', { resumeToken }));
    const { Metadata } = await head(at(), fileKey);
    expect(Metadata).toEqual({
      album: encodeURIComponent('Größe & Co'),
      'original-filename': 'film.bin',
      'user-id': 'dev',
      'upload-started': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  test('names that no store could keep are refused', async () => {
    const { api } = at();
    for (const filename of ['a\0b', 'a\ud800b', '\udc00', '']) {
      const answer = await api.call('init', { filename, fileSize: 1, contentType: 'a/b' });
      expect(told(answer)).toEqual([400, 'INVALID_REQUEST']);
    }
  });

  test('fifty inits at once with one Idempotency-Key begin one upload and get one answer', async () => {
    const { api, unit } = at();
    const key = crypto.randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.begin({ size: 3 * unit }, {}, key)));
    expect(new Set(answers.map(({ resumeToken }) => resumeToken)).size).toBe(1);
    expect(new Set(answers.map(({ uploadId }) => uploadId)).size).toBe(1);
    const [{ fileKey, uploadId }] = answers as [(typeof answers)[0]];
    expect(await uploadsOf(at(), fileKey)).toEqual([uploadId!]);
  });

  test('the same Idempotency-Key for another file is a conflict, for another upload of the same file it is not new', async () => {
    const { api, unit } = at();
    const key = crypto.randomUUID();
    const first = await api.begin({ size: unit }, {}, key);
    expect((await api.begin({ size: unit }, {}, key)).resumeToken).toBe(first.resumeToken);
    for (const other of [{ size: unit + 1 }, { size: unit, name: 'other.bin' }, { size: unit, type: 'image/png' }]) {
      const { size: fileSize, name: filename = 'film.bin', type: contentType = 'video/mp4' } = other;
      const headers = { ...api.credentials, 'idempotency-key': key };
      expect(told(await api.call('init', { filename, fileSize, contentType }, headers))).toEqual([
        409,
        'IDEMPOTENCY_CONFLICT',
      ]);
    }
  });
}

/** Uploads that the store has open for exactly `key`. */
export async function uploadsOf({ store, bucket }: Pick<Place, 'store' | 'bucket'>, key: string): Promise<string[]> {
  const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
  const { Uploads = [] } = await store.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
  return Uploads.filter(({ Key }) => Key === key).map(({ UploadId }) => UploadId!);
}

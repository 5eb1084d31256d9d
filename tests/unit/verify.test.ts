import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { multipartEtag, verify, verifySession } from '../../server/session/verify.ts';
import { digestOf, objectDigestOf } from '../../sw/digest.ts';

const hex = (text: string) => createHash('md5').update(text).digest('hex');

/** Made with `md5sum` and `xxd`. */
const VECTORS: [parts: string[], etag: string][] = [
  [['a', 'b'], '96e024ba2074fe77e8e965ba43a704be-2'],
  [[''], '59adb24ef3cdbe0297f05b395827453f-1'],
];

describe('the ETag of a multipart object', () => {
  test('is the MD5 of the parts’ MD5s, at the server and on the device', async () => {
    for (const [parts, etag] of VECTORS) {
      expect(multipartEtag(parts.map((part) => ({ etag: hex(part) })))).toBe(etag);
      const digests: string[] = [];
      for (const part of parts) digests.push(await digestOf(new Blob([part])));
      expect(await objectDigestOf(digests)).toBe(etag);
    }
  });

  test('is unknown where one part’s is', () => {
    for (const etag of ['', `"${hex('a')}"`, hex('a').toUpperCase(), `${hex('a')}-1`, hex('a').slice(1)])
      expect(multipartEtag([{ etag: hex('b') }, { etag }])).toBeUndefined();
  });

  test('the device’s digest is MD5, whatever the size of the slice and however many at once', async () => {
    const sizes = [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20];
    const blobs = sizes
      .map((size) => crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))))
      .map((chunk, at) =>
        new Blob(Array.from({ length: Math.ceil(sizes[at]! / 65_536) }, () => chunk)).slice(0, sizes[at]),
      );
    const wanted = await Promise.all(
      blobs.map(async (blob) =>
        createHash('md5')
          .update(await blob.bytes())
          .digest('base64'),
      ),
    );
    expect(await Promise.all(blobs.map(digestOf))).toEqual(wanted);
  });
});

describe('a finished object', () => {
  const digest = `${hex('parts')}-2`;
  const finished = { partsBound: true, size: 10, etag: digest, md5Etag: true };

  test('is verified by the strongest means there is', () => {
    expect(verify(finished, { partsBound: true, size: 10, objectDigest: digest })).toBe('etag');
    expect(
      verify({ ...finished, etag: 'opaque', md5Etag: false }, { partsBound: true, size: 10, objectDigest: digest }),
    ).toBe('parts');
    expect(verify(finished, { partsBound: true, size: 10 })).toBe('size');
  });

  test('that differs in anything is not verified', () => {
    const any = fc.record({
      size: fc.nat({ max: 20 }),
      md5Etag: fc.boolean(),
      etag: fc.constantFrom(digest, 'other', ''),
    });
    fc.assert(
      fc.property(any, fc.constantFrom(digest, undefined), (finished, objectDigest) => {
        const by = verify(finished, { partsBound: true, size: 10, objectDigest });
        if (finished.size !== 10) expect(by).toBeUndefined();
        else if (objectDigest && finished.md5Etag && finished.etag !== digest) expect(by).toBeUndefined();
        else expect(by).toBeDefined();
      }),
    );
  });
});

describe('the object of a single PUT', () => {
  const md5 = hex('whole');
  const session = { fileSize: 5, objectDigest: null, partDigest: Buffer.from(md5, 'hex').toString('base64') };
  const finished = { size: 5, etag: md5, md5Etag: true };

  test('is compared with what it was bound to, told again or not', () => {
    for (const objectDigest of [null, multipartEtag([{ etag: md5 }])!])
      expect(verifySession(finished, { ...session, objectDigest }, false)).toBe('etag');
    const opaque = { ...finished, etag: 'opaque', md5Etag: false };
    expect(verifySession(opaque, session, false)).toBe('parts');
  });

  test('is not it where anything differs', () => {
    expect(verifySession({ ...finished, size: 6 }, session, true)).toBeUndefined();
    for (const etag of [hex('other'), `${md5}-1`, '']) {
      expect(verifySession({ ...finished, etag }, session, true)).toBeUndefined();
    }
    const objectDigest = `${hex('other')}-1`;
    expect(verifySession(finished, { ...session, objectDigest }, true)).toBeUndefined();
    expect(verifySession({ ...finished, md5Etag: false }, { ...session, objectDigest }, true)).toBeUndefined();
  });
});

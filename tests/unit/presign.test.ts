import { afterAll, beforeAll, expect, setSystemTime, test } from 'bun:test';
import { PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { openBucket } from '../../server/bucket/s3.ts';
import type { StoreConfig } from '../../server/config/config.ts';
import { PROFILES } from '../../server/contract/profiles.ts';
import { verification } from '../../server/embedded/bucket/signature/verification.ts';
import { targetOf } from '../../server/embedded/bucket/target.ts';
import { objectHeaders } from '../../server/session/headers.ts';

beforeAll(() => {
  setSystemTime(new Date('2026-03-01T12:00:00Z'));
});
afterAll(() => {
  setSystemTime();
});

const STORE: StoreConfig = {
  provider: 'S3',
  endpoint: 'http://127.0.0.1:9000',
  region: 'us-east-1',
  bucket: 'uploads',
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
  pathStyle: true,
  profile: PROFILES.generic,
};

/** `.` and `..` between slashes are resolved by every HTTP client before it sends. */
const key = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(
    (text) => text.isWellFormed() && !text.split('/').some((step) => step === '.' || step === '..' || step === ''),
  );
const part = fc.record({
  key,
  uploadId: fc.oneof(fc.base64String({ minLength: 4 }), fc.string({ minLength: 1 })),
  partNumber: fc.integer({ min: 1, max: 10_000 }),
  size: fc.nat({ max: 5 * 2 ** 30 }),
  digest: fc.option(
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    { nil: undefined },
  ),
  expiresIn: fc.integer({ min: 1, max: 604_800 }),
});
const place = fc.constantFrom<Partial<StoreConfig>>(
  {},
  { sessionToken: 'IQoJb3JpZ2luX2VjEH8aCXVzLWVhc3QtMSJHMEUCIQ//+/==' },
  { endpoint: 'https://s3.eu-central-1.amazonaws.com', region: 'eu-central-1', pathStyle: false },
  { endpoint: 'https://acc.r2.cloudflarestorage.com', region: 'auto', bucket: 'with.dot' },
);

const clientOf = (store: StoreConfig) =>
  new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    forcePathStyle: store.pathStyle,
    credentials: {
      accessKeyId: store.accessKey,
      secretAccessKey: store.secretKey,
      ...(store.sessionToken && { sessionToken: store.sessionToken }),
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });

/** What the SDK signs. */
function signedBySdk(
  store: StoreConfig,
  wanted: typeof part extends fc.Arbitrary<infer T> ? T : never,
): Promise<string> {
  const {
    key: Key,
    uploadId: UploadId,
    partNumber: PartNumber,
    size: ContentLength,
    digest: ContentMD5,
    expiresIn,
  } = wanted;
  return getSignedUrl(
    clientOf(store),
    new UploadPartCommand({
      Bucket: store.bucket,
      Key,
      UploadId,
      PartNumber,
      ContentLength,
      ...(ContentMD5 && { ContentMD5 }),
    }),
    {
      expiresIn,
      signableHeaders: new Set(['host', 'content-length', 'content-md5']),
      unhoistableHeaders: new Set(['content-length', 'content-md5']),
    },
  );
}

/** What an object may carry that a person or an app has named. */
const headers = fc
  .record({
    filename: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => text.isWellFormed()),
    contentType: fc.constantFrom('video/mp4', 'text/plain;  charset="utf-8" ', 'a/b'),
    metadata: fc.dictionary(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.string({ minLength: 1, maxLength: 20 }), {
      maxKeys: 3,
    }),
  })
  .map((named) => objectHeaders({ ...named, userId: 'Anna Müller', createdAt: new Date('2026-01-01T00:00:00Z') }));

test('a thousand URLs for whole objects are those that the SDK would have signed, bound to all that comes along', async () => {
  const verify = verification({ accessKey: STORE.accessKey, secretKey: STORE.secretKey, clock: () => new Date() });
  const digest = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  await fc.assert(
    fc.asyncProperty(part, digest, headers, place, async ({ key, size, expiresIn }, digest, carried, place) => {
      const store = { ...STORE, ...place };
      const { url, headers } = await openBucket(store).presignObject(
        key,
        { size, digest, headers: carried },
        expiresIn,
      );
      const names = [...Object.keys(headers), 'content-length', 'host'].toSorted();
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe(names.join(';'));
      expect(headers).toMatchObject({ 'content-md5': digest, 'content-disposition': carried.contentDisposition });
      const command = new PutObjectCommand({
        Bucket: store.bucket,
        Key: key,
        ContentLength: size,
        ContentMD5: digest,
        ContentType: carried.contentType.trim(),
        ContentDisposition: carried.contentDisposition,
        Metadata: carried.metadata,
      });
      const sdk = await getSignedUrl(clientOf(store), command, {
        expiresIn,
        signableHeaders: new Set(names),
        unhoistableHeaders: new Set(names),
      });
      expect(taken(url)).toEqual(taken(sdk));
      const sent = (more: Record<string, string>) => {
        const all = { ...headers, host: new URL(url).host, 'content-length': String(size), ...more };
        return { method: 'PUT', url, headers: new Headers(all) } as Request;
      };
      expect(verify(sent({}), targetOf(url)).inQuery).toBe(true);
      for (const name of names.filter((name) => name !== 'host'))
        expect(() => verify(sent({ [name]: 'something else' }), targetOf(url))).toThrow();
    }),
    { numRuns: 1000 },
  );
}, 120_000);

function taken(url: string) {
  const { origin, pathname, searchParams } = new URL(url);
  return { origin, pathname, parameters: [...searchParams].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

test('a thousand part URLs are those that the SDK would have signed, and the embedded bucket takes them', async () => {
  const verify = verification({ accessKey: STORE.accessKey, secretKey: STORE.secretKey, clock: () => new Date() });
  await fc.assert(
    fc.asyncProperty(part, place, async (wanted, place) => {
      const store = { ...STORE, ...place };
      const { key, uploadId, partNumber, size, digest, expiresIn } = wanted;
      const bound = { partNumber, size, ...(digest && { digest }) };
      const { url, headers } = await openBucket(store).presignPart({ key, uploadId }, bound, expiresIn);
      expect(headers).toEqual(digest ? { 'content-md5': digest } : {});
      expect(taken(url)).toEqual(taken(await signedBySdk(store, wanted)));
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe(
        digest ? 'content-length;content-md5;host' : 'content-length;host',
      );
      const sent = (length: number) =>
        ({
          method: 'PUT',
          url,
          headers: new Headers({ ...headers, host: new URL(url).host, 'content-length': String(length) }),
        }) as Request;
      expect(verify(sent(size), targetOf(url)).inQuery).toBe(true);
      expect(() => verify(sent(size + 1), targetOf(url))).toThrow();
    }),
    { numRuns: 1000 },
  );
}, 120_000);

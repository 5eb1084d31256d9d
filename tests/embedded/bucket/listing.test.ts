import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as S3 from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { shelf } from '../../../server/embedded/bucket/disk/shelf.ts';
import { pageOf } from '../../../server/embedded/bucket/operations/page.ts';
import { Bucket, begin, type Fixture, fixture } from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'c', 'd/4', '\uffee', '😀', 'odd &<>\n'];

test('objects are listed by prefix, in pages, and by folder', async () => {
  for (const Key of KEYS) await bucket.s3.send(new S3.PutObjectCommand({ Bucket, Key, Body: Key }));
  const list = (extra: Partial<S3.ListObjectsV2CommandInput>) =>
    bucket.s3.send(new S3.ListObjectsV2Command({ Bucket, ...extra }));
  const all: string[] = [];
  for await (const page of S3.paginateListObjectsV2({ client: bucket.s3, pageSize: 2 }, { Bucket }))
    all.push(...page.Contents!.map(({ Key }) => Key!));
  expect(all).toEqual([...KEYS].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))));
  expect((await list({ Prefix: 'b/' })).Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['b/1', 3],
    ['b/2', 3],
    ['b/c/3', 5],
  ]);
  const folders = await list({ Delimiter: '/' });
  expect(folders.CommonPrefixes).toEqual([{ Prefix: 'b/' }, { Prefix: 'd/' }]);
  expect(folders.Contents?.[0]?.Key).toBe('a');
  expect((await list({ StartAfter: 'b/2', MaxKeys: 1 })).Contents?.[0]?.Key).toBe('b/c/3');
});

test('a listing over pages shows each name and folder once, whatever the names', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uffff', '😀'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 40 }),
      name,
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      (names, some, grouped, limit) => {
        const prefix = some.slice(0, some.length % 3);
        const delimiter = grouped ? '/' : '';
        const seen: string[] = [];
        let after: string | undefined = '';
        while (after !== undefined) {
          const page = pageOf(shelf([...names]), { prefix, delimiter, after, limit });
          expect(page.names.length + page.groups.length).toBeLessThanOrEqual(limit);
          seen.push(...page.names, ...page.groups);
          after = page.next;
        }
        const wanted = new Set<string>();
        for (const each of names) {
          if (!each.startsWith(prefix)) continue;
          const cut = grouped ? each.indexOf('/', prefix.length) : -1;
          wanted.add(cut < 0 ? each : each.slice(0, cut + 1));
        }
        expect(seen.sort()).toEqual([...wanted].sort());
      },
    ),
  );
});

test('open uploads are listed by prefix and in pages', async () => {
  const ids: string[] = [];
  for (const key of ['u/a', 'u/a', 'u/b', 'u/c']) ids.push(await begin(bucket, key));
  await begin(bucket, 'other');
  const seen: (string | undefined)[] = [];
  let marker: Partial<S3.ListMultipartUploadsCommandInput> | undefined = {};
  while (marker) {
    const input = { Bucket, Prefix: 'u/', MaxUploads: 1, ...marker };
    const page: S3.ListMultipartUploadsCommandOutput = await bucket.s3.send(new S3.ListMultipartUploadsCommand(input));
    seen.push(...page.Uploads!.map(({ UploadId }) => UploadId));
    marker = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
  expect(seen.slice(0, 2).sort()).toEqual(ids.slice(0, 2).sort());
  expect(seen.slice(2)).toEqual(ids.slice(2));
});

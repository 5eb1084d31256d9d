import type { Operation } from '../exchange.ts';
import { xmlResponse } from '../xml/markup.ts';

/** Who owns everything here; S3's listings name an owner. */
export const OWNER = [
  ['ID', 'partway'],
  ['DisplayName', 'partway'],
] satisfies [string, string][];

/** As S3 in us-east-1: making a bucket that is yours already succeeds. */
export const createBucket: Operation = async ({ store, target, now }) => {
  await store.create(target.bucket, now().getTime());
  return new Response(null, { headers: { location: `/${target.bucket}` } });
};

export const headBucket: Operation = async ({ bucket }) => {
  bucket();
  return new Response(null);
};

export const bucketLocation: Operation = async ({ bucket }) => {
  bucket();
  return xmlResponse('LocationConstraint', []);
};

export const listBuckets: Operation = async ({ store }) =>
  xmlResponse('ListAllMyBucketsResult', [
    ['Owner', OWNER],
    [
      'Buckets',
      store.all().map(({ name, created }) => [
        'Bucket',
        [
          ['Name', name],
          ['CreationDate', new Date(created).toISOString()],
        ],
      ]),
    ],
  ]);

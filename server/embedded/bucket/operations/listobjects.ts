import { encodePath } from '../../../signature/canonical.ts';
import { BucketError } from '../errors.ts';
import type { Operation } from '../exchange.ts';
import { count, type Target } from '../target.ts';
import { type Markup, xmlResponse } from '../xml/markup.ts';
import { OWNER } from './buckets.ts';
import { pageOf } from './page.ts';

/** The most names of a page, by S3. */
export const PAGE = 1000;

/** How names are written: as they are, or percent-encoded where asked for, since XML cannot hold every character. */
export function nameWriter(target: Target): (name: string) => string {
  const encoding = target.get('encoding-type');
  if (encoding === undefined) return (name) => name;
  if (encoding === 'url') return encodePath;
  throw new BucketError('InvalidArgument', 'Invalid Encoding Method specified in Request');
}

const tokenOf = (name: string): string => Buffer.from(name).toString('base64url');

function afterOf(target: Target): string {
  const token = target.get('continuation-token');
  if (token === undefined) return target.get('start-after') ?? '';
  const name = Buffer.from(token, 'base64url').toString();
  if (token && tokenOf(name) === token) return name;
  throw new BucketError('InvalidArgument', 'The continuation token provided is incorrect');
}

export const listObjects: Operation = async ({ bucket, target }) => {
  if (target.get('list-type') !== '2') throw new BucketError('NotImplemented', 'Only list-type=2 is implemented.');
  const { name, objects } = bucket();
  const write = nameWriter(target);
  const [prefix, delimiter] = [target.get('prefix') ?? '', target.get('delimiter') ?? ''];
  const limit = count(target, 'max-keys', PAGE, PAGE);
  const page = pageOf(objects.keys, { prefix, delimiter, after: afterOf(target), limit });
  const owner: Markup[] = target.get('fetch-owner') === 'true' ? [['Owner', OWNER]] : [];
  const start = target.get('start-after');
  return xmlResponse('ListBucketResult', [
    ['Name', name],
    ['Prefix', write(prefix)],
    ['Delimiter', delimiter ? write(delimiter) : undefined],
    ['StartAfter', start && write(start)],
    ['EncodingType', target.get('encoding-type')],
    ['MaxKeys', limit],
    ['KeyCount', page.names.length + page.groups.length],
    ['IsTruncated', page.next !== undefined],
    ['ContinuationToken', target.get('continuation-token')],
    ['NextContinuationToken', page.next === undefined ? undefined : tokenOf(page.next)],
    ...page.names.map((key): Markup => {
      const { size, etag, modified } = objects.summary(key)!;
      const times: Markup[] = [['LastModified', new Date(modified).toISOString()]];
      const rest: Markup[] = [['ETag', `"${etag}"`], ['Size', size], ['StorageClass', 'STANDARD'], ...owner];
      return ['Contents', [['Key', write(key)], ...times, ...rest]];
    }),
    ...page.groups.map((group): Markup => ['CommonPrefixes', [['Prefix', write(group)]]]),
  ]);
};

import { compareNames } from '../disk/shelf.ts';
import { BucketError } from '../errors.ts';
import type { Operation } from '../exchange.ts';
import { count } from '../target.ts';
import { type Markup, xmlResponse } from '../xml/markup.ts';
import { OWNER } from './buckets.ts';
import { nameWriter, PAGE } from './listobjects.ts';

/** Open uploads by key, then by age: their ids begin with the time. */
export const listUploads: Operation = async ({ bucket, target }) => {
  const { name, uploads } = bucket();
  if (target.get('delimiter')) throw new BucketError('NotImplemented', 'A delimiter is not implemented for uploads.');
  const write = nameWriter(target);
  const prefix = target.get('prefix') ?? '';
  const [afterKey, afterId] = [target.get('key-marker') ?? '', target.get('upload-id-marker') ?? ''];
  const limit = count(target, 'max-uploads', PAGE, PAGE);
  const later = uploads
    .all()
    .filter(({ key, id }) => {
      const order = compareNames(key, afterKey);
      // S3: without an upload id the marker stands for every upload of its key.
      return key.startsWith(prefix) && (order > 0 || (order === 0 && afterId !== '' && id > afterId));
    })
    .sort((a, b) => compareNames(a.key, b.key) || (a.id < b.id ? -1 : 1));
  const page = later.slice(0, limit);
  const more = page.length > 0 && later.length > page.length;
  const last = more ? page.at(-1) : undefined;
  return xmlResponse('ListMultipartUploadsResult', [
    ['Bucket', name],
    ['Prefix', write(prefix)],
    ['KeyMarker', write(afterKey)],
    ['UploadIdMarker', afterId],
    ['NextKeyMarker', last && write(last.key)],
    ['NextUploadIdMarker', last?.id],
    ['EncodingType', target.get('encoding-type')],
    ['MaxUploads', limit],
    ['IsTruncated', more],
    ...page.map(({ key, id, initiated, algorithm }): Markup => {
      const about: Markup[] = [
        ['Key', write(key)],
        ['UploadId', id],
        ['Initiator', OWNER],
        ['Owner', OWNER],
        ['StorageClass', 'STANDARD'],
        ['Initiated', new Date(initiated).toISOString()],
        ['ChecksumAlgorithm', algorithm],
      ];
      return ['Upload', about];
    }),
  ]);
};

import type { Operation } from '../exchange.ts';
import { count } from '../target.ts';
import { type Markup, xmlResponse } from '../xml/markup.ts';
import { OWNER } from './buckets.ts';
import { PAGE } from './listobjects.ts';

const HIGHEST = 2 ** 31 - 1;

export const listParts: Operation = async ({ bucket, target }) => {
  const { name, uploads } = bucket();
  const upload = uploads.find(target.key, target.get('uploadId') ?? '');
  const after = count(target, 'part-number-marker', 0, HIGHEST);
  const limit = count(target, 'max-parts', PAGE, PAGE);
  const later = [...upload.parts.values()].filter((part) => part.number > after).sort((a, b) => a.number - b.number);
  const page = later.slice(0, limit);
  return xmlResponse('ListPartsResult', [
    ['Bucket', name],
    ['Key', upload.key],
    ['UploadId', upload.id],
    ['Initiator', OWNER],
    ['Owner', OWNER],
    ['StorageClass', 'STANDARD'],
    ['PartNumberMarker', after],
    ['NextPartNumberMarker', page.at(-1)?.number ?? after],
    ['MaxParts', limit],
    ['IsTruncated', page.length > 0 && later.length > page.length],
    ['ChecksumAlgorithm', upload.algorithm],
    ['ChecksumType', upload.algorithm && 'COMPOSITE'],
    ...page.map(({ number, size, md5, modified, checksum }): Markup => {
      const part: Markup[] = [
        ['PartNumber', number],
        ['LastModified', new Date(modified).toISOString()],
        ['ETag', `"${md5}"`],
        ['Size', size],
      ];
      if (checksum) part.push([`Checksum${checksum.algorithm}`, checksum.value]);
      return ['Part', part];
    }),
  ]);
};

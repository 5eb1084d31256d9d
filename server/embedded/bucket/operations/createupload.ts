import { checksumName } from '../body/digests.ts';
import type { UploadRecord } from '../disk/uploads.ts';
import { BucketError } from '../errors.ts';
import type { Operation } from '../exchange.ts';
import { keptHeaders } from '../http/headers.ts';
import { xmlResponse } from '../xml/markup.ts';

export const createUpload: Operation = async (exchange) => {
  const { target, field, now } = exchange;
  const bucket = exchange.bucket();
  const record: UploadRecord = { key: target.key, initiated: now().getTime(), headers: keptHeaders(exchange) };
  const algorithm = field('x-amz-checksum-algorithm');
  if (algorithm !== undefined) record.algorithm = checksumName(algorithm);
  if (field('x-amz-checksum-type')?.toUpperCase() === 'FULL_OBJECT')
    throw new BucketError('NotImplemented', 'Checksums of the full object are not implemented for multipart uploads.');
  const upload = await bucket.uploads.create(record);
  const answer: Record<string, string> = record.algorithm
    ? { 'x-amz-checksum-algorithm': record.algorithm, 'x-amz-checksum-type': 'COMPOSITE' }
    : {};
  return xmlResponse(
    'InitiateMultipartUploadResult',
    [
      ['Bucket', bucket.name],
      ['Key', target.key],
      ['UploadId', upload.id],
    ],
    answer,
  );
};

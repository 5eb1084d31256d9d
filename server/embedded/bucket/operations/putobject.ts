import { join } from 'node:path';
import { freshName, syncFolder } from '../disk/durable.ts';
import type { Manifest } from '../disk/manifest.ts';
import { BucketError } from '../errors.ts';
import type { Exchange, Operation } from '../exchange.ts';
import { writeCondition } from '../http/conditions.ts';
import { keptHeaders } from '../http/headers.ts';
import { storeBody, storedResponse } from './storing.ts';

/** A copy is answered with a refusal: it would otherwise store an empty object in silence. */
export function refuseCopy({ field }: Exchange): void {
  if (field('x-amz-copy-source') !== undefined)
    throw new BucketError('NotImplemented', 'Copying from another object is not implemented.');
}

export const putObject: Operation = async (exchange) => {
  refuseCopy(exchange);
  const { target, field, now } = exchange;
  const bucket = exchange.bucket();
  const headers = keptHeaders(exchange);
  const allow = writeCondition(field);
  // Before a long body as well as, once more, under the lock.
  allow(bucket.objects.summary(target.key));
  const data = `data/${freshName(now().getTime())}`;
  const receipt = await storeBody(exchange, join(bucket.folder, data), async ({ size, md5, checksum }) => {
    await syncFolder(join(bucket.folder, 'data'));
    const manifest: Manifest = {
      key: target.key,
      size,
      etag: md5,
      modified: now().getTime(),
      headers,
      pieces: [{ file: data, size }],
      data,
    };
    if (checksum) manifest.checksum = { ...checksum, type: 'FULL_OBJECT' };
    await bucket.objects.commit(manifest, allow);
  });
  return storedResponse(receipt, receipt.checksum && { 'x-amz-checksum-type': 'FULL_OBJECT' });
};

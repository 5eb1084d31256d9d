import { BucketError } from '../errors.ts';
import type { Operation } from '../exchange.ts';
import type { Target } from '../target.ts';
import { refuseCopy } from './putobject.ts';
import { storeBody, storedResponse } from './storing.ts';

/** By S3. */
const MOST_PARTS = 10_000;

function partNumber(target: Target): number {
  const given = target.get('partNumber') ?? '';
  if (/^\d{1,5}$/.test(given) && Number(given) >= 1 && Number(given) <= MOST_PARTS) return Number(given);
  throw new BucketError('InvalidArgument', `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`);
}

export const uploadPart: Operation = async (exchange) => {
  refuseCopy(exchange);
  const { target, now } = exchange;
  const bucket = exchange.bucket();
  const number = partNumber(target);
  const upload = bucket.uploads.find(target.key, target.get('uploadId') ?? '');
  const temporary = bucket.temporary(now().getTime());
  const receipt = await storeBody(exchange, temporary, async ({ size, md5, checksum }) => {
    // An upload that was begun with a checksum algorithm has that checksum for every part.
    if (upload.algorithm && checksum?.algorithm !== upload.algorithm)
      throw new BucketError(
        'InvalidRequest',
        `This upload was begun with ${upload.algorithm}: each part needs that checksum.`,
      );
    const part = checksum ? { number, size, md5, checksum } : { number, size, md5 };
    await bucket.uploads.add(upload, temporary, part, now().getTime());
  });
  return storedResponse(receipt);
};

import { BucketError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { base64Bytes, type Checksum, type ChecksumName, checksumName, declaredChecksum } from './digests.ts';

/** What a request says of its body, all of which must prove true before anything becomes visible. */
export interface Expectation {
  /** Bytes of the data itself, without the frames around it. */
  length: number;
  md5?: Buffer;
  /** Hex, from the signature. */
  sha256?: string;
  checksum?: Checksum;
  /** The checksum that follows the data as a trailer. */
  trailer?: ChecksumName;
  frames: 'none' | 'unsigned' | 'signed';
}

/** The largest part and the largest single PUT, by S3: 5 GiB. */
const LARGEST = 5 * 2 ** 30;

function framesOf(payload: string): Expectation['frames'] {
  if (payload === 'UNSIGNED-PAYLOAD' || /^[0-9a-f]{64}$/.test(payload)) return 'none';
  if (payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return 'unsigned';
  if (/^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(payload)) return 'signed';
  throw new BucketError(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-…, or a valid sha256 value.',
  );
}

function lengthOf(field: Exchange['field'], framed: boolean, largest: number): number {
  const given = field(framed ? 'x-amz-decoded-content-length' : 'content-length');
  if (given === undefined)
    throw new BucketError('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (!/^\d{1,15}$/.test(given)) throw new BucketError('InvalidArgument', 'The length of the body must be a number.');
  if (Number(given) > largest)
    throw new BucketError(
      'EntityTooLarge',
      `Your proposed upload exceeds the maximum allowed size of ${largest} bytes.`,
    );
  return Number(given);
}

/**
 * Reads what the request declares. Throws MissingContentLength, EntityTooLarge (above `largest` bytes), InvalidDigest,
 * InvalidRequest, InvalidArgument and NotImplemented.
 */
export function expectationOf(exchange: Exchange, largest: number = LARGEST): Expectation {
  const { field, fields, verified } = exchange;
  const frames = framesOf(verified.payload);
  const expected: Expectation = { frames, length: lengthOf(field, frames !== 'none', largest) };
  if (frames === 'none' && verified.payload !== 'UNSIGNED-PAYLOAD') expected.sha256 = verified.payload;
  const md5 = field('content-md5');
  if (md5 !== undefined) {
    expected.md5 = base64Bytes(md5, 16);
    if (!expected.md5) throw new BucketError('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  }
  expected.checksum = declaredChecksum(fields(), field);
  const trailer = field('x-amz-trailer');
  if (trailer !== undefined) expected.trailer = checksumName(trailer.trim().replace(/^x-amz-checksum-/i, ''));
  return expected;
}

import { StoreFault } from './bucket.ts';

const MISSING = new Set(['NoSuchUpload', 'NoSuchKey', 'NotFound', 'NoSuchVersion']);
const INVALID = new Set([
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'EntityTooLarge',
  'BadDigest',
  'InvalidRequest',
  'InvalidArgument',
]);

/** Sorts whatever the SDK threw into a `StoreFault`. */
export function faultOf(error: unknown): StoreFault {
  const {
    name = 'Error',
    code,
    $metadata,
  } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const label = status === undefined ? (code ?? name) : name;
  if (MISSING.has(name)) return new StoreFault('missing', label, error);
  if (INVALID.has(name)) return new StoreFault('invalid', label, error);
  if (status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 408)
    return new StoreFault(status === 404 && name !== 'NoSuchBucket' ? 'missing' : 'refused', label, error);
  return new StoreFault('unavailable', label, error);
}

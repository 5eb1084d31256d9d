import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { BucketError } from '../errors.ts';

/** The checksums that are enforced, with their sizes in bytes. */
const SIZES = { SHA256: 32, SHA1: 20, CRC32: 4 } as const;
export type ChecksumName = keyof typeof SIZES;

/** A checksum in base64, as it travels in headers and XML. */
export interface Checksum {
  algorithm: ChecksumName;
  value: string;
}

export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

/** A running digest. */
export function digestOf(algorithm: ChecksumName | 'MD5'): Digest {
  if (algorithm !== 'CRC32') {
    const hash = createHash(algorithm.toLowerCase());
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
  }
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    digest() {
      const result = Buffer.alloc(4);
      result.writeUInt32BE(value >>> 0);
      return result;
    },
  };
}

/** `x-amz-checksum-sha256` for `SHA256`. */
export const checksumField = (algorithm: ChecksumName): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** The algorithm by its name in any case. Throws NotImplemented for those this bucket cannot compute. */
export function checksumName(name: string): ChecksumName {
  const upper = name.toUpperCase();
  if (upper in SIZES) return upper as ChecksumName;
  throw new BucketError('NotImplemented', `The checksum algorithm ${name} is not implemented.`);
}

/** Bytes from base64 that must be exactly `size` long; undefined where they are not. */
export function base64Bytes(text: string, size: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === size && bytes.toString('base64') === text ? bytes : undefined;
}

/** The checksum that a request declares. Throws InvalidRequest on a malformed value or on two of them. */
export function declaredChecksum(names: string[], field: (name: string) => string | undefined): Checksum | undefined {
  const declared = names.filter((name) => /^x-amz-checksum-(?!algorithm$|mode$|type$)/.test(name));
  if (declared.length > 1) throw new BucketError('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  const [name] = declared;
  if (!name) return undefined;
  const algorithm = checksumName(name.slice('x-amz-checksum-'.length));
  const value = field(name) ?? '';
  if (!base64Bytes(value, SIZES[algorithm]))
    throw new BucketError('InvalidRequest', `Value for ${name} header is invalid.`);
  return { algorithm, value };
}

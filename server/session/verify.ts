import { createHash } from 'node:crypto';
import type { Finished } from '../bucket/bucket.ts';
import type { UploadedPart, VerifiedBy } from '../contract/wire.ts';

const MD5 = /^[0-9a-f]{32}$/;

/** S3's ETag of a multipart object: `hex(md5(md5(part 1) ‖ md5(part 2) ‖ …))-N`; undefined where a part's ETag is no MD5. */
export function multipartEtag(parts: Pick<UploadedPart, 'etag'>[]): string | undefined {
  const hash = createHash('md5');
  for (const { etag } of parts) {
    if (!MD5.test(etag)) return undefined;
    hash.update(Buffer.from(etag, 'hex'));
  }
  return `${hash.digest('hex')}-${parts.length}`;
}

export interface Expected {
  size: number;
  /** What the client computed from its own digests. */
  objectDigest?: string | null | undefined;
  /** Part URLs were bound to their digests. */
  partsBound: boolean;
}

/**
 * Compares the finished object with what was meant; undefined where it is not that.
 * `etag`: the store's ETag is the client's own digest. `parts`: the store enforced each part's digest, its ETag is opaque.
 * `size`: the client gave no digests.
 */
export function verify(finished: Finished, expected: Expected): VerifiedBy | undefined {
  if (finished.size !== expected.size) return undefined;
  if (!expected.objectDigest) return 'size';
  if (!finished.md5Etag) return expected.partsBound ? 'parts' : 'size';
  return finished.etag === expected.objectDigest ? 'etag' : undefined;
}

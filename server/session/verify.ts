import { createHash } from 'node:crypto';
import type { Finished } from '../bucket/bucket.ts';
import type { UploadedPart, VerifiedBy } from '../contract/wire.ts';
import type { Session } from '../database/session.ts';

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

type Compared = Omit<Finished, 'lastModified'>;

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
export function verify(finished: Compared, expected: Expected): VerifiedBy | undefined {
  if (finished.size !== expected.size) return undefined;
  if (!expected.objectDigest) return 'size';
  if (!finished.md5Etag) return expected.partsBound ? 'parts' : 'size';
  return finished.etag === expected.objectDigest ? 'etag' : undefined;
}

/**
 * The same for a session, whose part URLs were bound or not. What came by a single PUT is compared in S3's multipart
 * form, too; its digest is known even where the client does not tell it again.
 */
export function verifySession(
  finished: Compared,
  { fileSize: size, objectDigest, partDigest }: Pick<Session, 'fileSize' | 'objectDigest' | 'partDigest'>,
  partsBound: boolean,
): VerifiedBy | undefined {
  if (partDigest === null) return verify(finished, { size, objectDigest, partsBound });
  const sent = multipartEtag([{ etag: Buffer.from(partDigest, 'base64').toString('hex') }])!;
  // One that is no MD5 is nothing that can be compared.
  const etag = multipartEtag([finished]) ?? finished.etag;
  const verifiedBy = verify({ ...finished, etag }, { size, objectDigest: sent, partsBound: true });
  return objectDigest && objectDigest !== sent ? undefined : verifiedBy;
}

import { create as contentDisposition } from 'content-disposition';
import type { ObjectHeaders } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { Session } from '../database/session.ts';

/** Bytes of all user metadata of an object, by S3's documentation. */
const METADATA_LIMIT = 2048;

/**
 * Headers cannot carry any Unicode and not much of it: names are percent-encoded, and cut where they would not fit.
 * Throws `INVALID_REQUEST` where the caller's metadata is more than a store keeps.
 */
export function objectHeaders(
  session: Pick<Session, 'filename' | 'userId' | 'createdAt' | 'metadata' | 'contentType'>,
): ObjectHeaders {
  const shortName = [...session.filename].slice(-100).join('');
  const own = {
    'original-filename': encodeURIComponent(shortName),
    'user-id': encodeURIComponent(session.userId),
    'upload-started': session.createdAt.toISOString(),
  };
  const asked = Object.entries(session.metadata).map(([name, value]) => [
    name.toLowerCase(),
    encodeURIComponent(value),
  ]);
  const metadata: Record<string, string> = { ...Object.fromEntries(asked), ...own };
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > METADATA_LIMIT)
    throw new UploadError(
      'INVALID_REQUEST',
      `metadata is too large: a store keeps at most ${METADATA_LIMIT} bytes, names and encoded values together.`,
    );
  return { contentType: session.contentType, contentDisposition: contentDisposition(shortName), metadata };
}

import { StoreFault } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { UploadedPart } from '../contract/wire.ts';
import type { Deps } from '../deps.ts';
import { endInFailure } from './fail.ts';
import type { Held } from './session.ts';

const LOST = 'The store does not know this upload any more; begin it anew.';

/**
 * The store's own list of an open session's parts; of a single PUT, the object. Where it does not know the upload any more, HEAD tells why:
 * throws `UPLOAD_ALREADY_COMPLETED`, or fails the session and throws `UPLOAD_EXPIRED`.
 */
export async function storedParts(deps: Deps, held: Held): Promise<UploadedPart[]> {
  const { fileKey, uploadId, totalParts, partDigest } = held.session;
  if (partDigest !== null) return storedObject(held);
  try {
    return await held.bucket.listParts({ key: fileKey, uploadId: uploadId! }, totalParts);
  } catch (error) {
    if (error instanceof StoreFault && error.kind === 'missing' && (await held.bucket.headObject(fileKey)))
      throw new UploadError('UPLOAD_ALREADY_COMPLETED', 'This upload is finished; complete tells its address.');
    throw await lostOr(deps, held, error);
  }
}

/** Of another size it is none of ours. */
async function storedObject({ bucket, session: { fileKey, fileSize } }: Held): Promise<UploadedPart[]> {
  const object = await bucket.headObject(fileKey);
  if (object?.size !== fileSize) return [];
  const { etag, size, lastModified } = object;
  return [{ partNumber: 1, etag, size, lastModified }];
}

/** Where `error` says that the store has neither the upload nor, as the caller knows, the object: the session fails. */
export async function lostOr(deps: Deps, { scope, session }: Pick<Held, 'scope' | 'session'>, error: unknown) {
  if (!(error instanceof StoreFault && error.kind === 'missing')) return error;
  await endInFailure(deps, scope, session.id, 'UPLOAD_EXPIRED', LOST);
  return new UploadError('UPLOAD_EXPIRED', LOST);
}

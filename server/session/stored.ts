import { StoreFault } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { UploadedPart } from '../contract/wire.ts';
import type { Deps } from '../deps.ts';
import { endInFailure } from './fail.ts';
import type { Held } from './session.ts';

/**
 * The store's own list of an open session's parts. Where it does not know the upload any more, HEAD tells why:
 * throws `UPLOAD_ALREADY_COMPLETED`, or fails the session and throws `UPLOAD_EXPIRED`.
 */
export async function storedParts(deps: Deps, held: Held): Promise<UploadedPart[]> {
  const { id, fileKey, uploadId } = held.session;
  try {
    return await held.bucket.listParts({ key: fileKey, uploadId: uploadId! });
  } catch (error) {
    if (!(error instanceof StoreFault && error.kind === 'missing')) throw error;
    if (await held.bucket.headObject(fileKey))
      throw new UploadError('UPLOAD_ALREADY_COMPLETED', 'This upload is finished; complete tells its address.');
    const message = 'The store does not know this upload any more; begin it anew.';
    await endInFailure(deps, held.scope, id, 'UPLOAD_EXPIRED', message);
    throw new UploadError('UPLOAD_EXPIRED', message);
  }
}

import { type Finished, StoreFault } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import { partRange } from '../contract/plan.ts';
import { missing, rangesOf } from '../contract/ranges.ts';
import type { CompleteRequest, UploadedPart } from '../contract/wire.ts';
import { releaseCompletion } from '../database/completion.ts';
import type { Session } from '../database/session.ts';
import type { Deps } from '../deps.ts';
import { type Held, overtaken } from './session.ts';
import { lostOr } from './stored.ts';

const MOST_MISSING_NAMED = 100;

export type Wish = Omit<CompleteRequest, 'resumeToken'>;

/**
 * The object as the store has it in the end: put together of its parts, or sent whole. Where that cannot be had the
 * lease of `holder` is given back. Throws `INCOMPLETE_PARTS`.
 */
export function findFinished(deps: Deps, held: Held, session: Session, holder: string, wish: Wish): Promise<Finished> {
  const release = async (stored?: number[]) => {
    await deps.database.single(held.scope, (sql) => releaseCompletion(sql, session.id, holder, stored));
  };
  return session.partDigest === null
    ? assemble(deps, held, session, wish, release)
    : findSent(held, session, wish, release);
}

type Release = (stored?: number[]) => Promise<void>;

/** Of a single PUT. */
async function findSent({ bucket }: Held, session: Session, wish: Wish, release: Release): Promise<Finished> {
  const finished = await bucket.headObject(session.fileKey).catch(async (error) => {
    await release();
    throw error;
  });
  if (finished && isGiven(wish)({ partNumber: 1, ...finished })) return finished;
  await release(finished ? [1] : []);
  throw incomplete(session, [1]);
}

async function assemble(deps: Deps, held: Held, session: Session, wish: Wish, release: Release): Promise<Finished> {
  const { bucket } = held;
  const upload = { key: session.fileKey, uploadId: session.uploadId! };
  let parts: UploadedPart[] | undefined;
  try {
    // A holder that died may have completed the object already: then its parts are gone and HEAD tells.
    const before = held.session.status === 'completing' ? await bucket.headObject(session.fileKey) : undefined;
    if (!before) {
      parts = await bucket.listParts(upload, session.totalParts);
      await bucket.completeUpload(upload, completeParts(session, parts, wish));
    }
  } catch (error) {
    const seen =
      error instanceof StoreFault ? await bucket.headObject(session.fileKey).catch((fault) => fault) : undefined;
    const unsure = seen instanceof Error;
    const finished = unsure ? undefined : seen;
    if (!finished) {
      await release(parts?.map((part) => part.partNumber));
      if (parts && error instanceof StoreFault && error.code === 'InvalidPart') await assertUnchanged(held, parts);
      throw unsure ? seen : await lostOr(deps, held, error);
    }
  }
  const finished = await bucket.headObject(session.fileKey);
  if (!finished)
    throw new UploadError('STORE_UNAVAILABLE', 'The store does not show the finished object yet; ask again.', {
      retryAfter: 5,
    });
  return finished;
}

/** A part may have been sent anew between the list and its use; then whoever asks again has the new one. */
async function assertUnchanged({ bucket, session }: Held, parts: UploadedPart[]): Promise<void> {
  const etags = (list: UploadedPart[]) => list.map((part) => part.etag).join();
  const upload = { key: session.fileKey, uploadId: session.uploadId! };
  if (etags(await bucket.listParts(upload, session.totalParts)) !== etags(parts)) throw overtaken();
}

/** Every part there, each of its size, and the caller's ETags, where it gave any, the store's; else throws `INCOMPLETE_PARTS`. */
function completeParts(session: Session, parts: UploadedPart[], wish: Wish): UploadedPart[] {
  const given = isGiven(wish);
  const right = parts.filter(
    (part) =>
      part.partNumber <= session.totalParts && part.size === partRange(session, part.partNumber).size && given(part),
  );
  const lacking = missing(rangesOf(right.map((part) => part.partNumber)), session.totalParts);
  if (!lacking.length) return right;
  throw incomplete(session, lacking);
}

/** Whether a part is one that the caller has named, with its ETag; all are where it has named none. */
function isGiven({ parts }: Wish): (part: Pick<UploadedPart, 'partNumber' | 'etag'>) => boolean {
  const given = parts && new Map(parts.map((part) => [part.partNumber, part.etag.replaceAll('"', '')]));
  return ({ partNumber, etag }) => !given || given.get(partNumber) === etag;
}

const incomplete = ({ totalParts }: Session, lacking: number[]) =>
  new UploadError(
    'INCOMPLETE_PARTS',
    `${lacking.length} of ${totalParts} parts are missing or are not what was sent; send them and complete again.`,
    { detail: { missing: lacking.slice(0, MOST_MISSING_NAMED) } },
  );

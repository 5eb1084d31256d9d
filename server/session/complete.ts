import { type Finished, StoreFault } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import { partRange } from '../contract/plan.ts';
import { missing, rangesOf } from '../contract/ranges.ts';
import type { CompleteAnswer, CompleteRequest, UploadedPart } from '../contract/wire.ts';
import { finishCompletion, leaseCompletion, releaseCompletion } from '../database/completion.ts';
import type { Session } from '../database/session.ts';
import { findSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../token.ts';
import { isForgotten } from './bring.ts';
import { endInFailure } from './fail.ts';
import { freeStore } from './free.ts';
import { keepLease, LEASE_SECONDS } from './lease.ts';
import { patiently } from './patience.ts';
import { assertOpen, assertStarted, type Held, isOpen, notFound, overtaken } from './session.ts';
import { lostOr } from './stored.ts';
import { verify } from './verify.ts';

const WAIT_MS = 20_000;
/** Seconds that the owner's download address lives. */
const DOWNLOAD_SECONDS = 3600;
const MOST_MISSING_NAMED = 100;

type Wish = Omit<CompleteRequest, 'resumeToken'>;

/** Makes the object of the store's own list of parts and says done only after HEAD has confirmed it; repeated, it answers the same. */
export async function completeUpload(deps: Deps, held: Held, wish: Wish): Promise<CompleteAnswer> {
  const startedAt = performance.now();
  const session = held.session.status === 'completed' ? held.session : await finish(deps, held, wish);
  if (session.status !== 'completed') {
    assertOpen(session);
    throw overtaken();
  }
  await assertSame(held, session, wish);
  const forgotten = isForgotten(held.session);
  return {
    success: true,
    url: session.url!,
    ...(!forgotten && { downloadUrl: await held.bucket.presignGet(session.fileKey, DOWNLOAD_SECONDS) }),
    fileKey: session.fileKey,
    filename: session.filename,
    fileSize: session.fileSize,
    etag: session.etag!,
    verifiedBy: session.verifiedBy!,
    location: forgotten ? session.url! : held.bucket.addressOf(session.fileKey),
    provider: session.provider,
    bucket: session.bucket,
    totalParts: session.totalParts,
    completionTime: Math.round(performance.now() - startedAt),
    message: 'Upload complete.',
  };
}

/** It may have been finished for somebody who gave no digest, or another. */
async function assertSame(held: Held, session: Session, { objectDigest }: Wish): Promise<void> {
  if (!objectDigest || objectDigest === session.objectDigest || isForgotten(held.session)) return;
  const finished = await held.bucket.headObject(session.fileKey);
  if (finished && !verify(finished, { size: session.fileSize, objectDigest, partsBound: true }))
    throw new UploadError('DIGEST_MISMATCH', 'This upload was finished with other bytes; upload the file anew.');
}

/** Does it, or waits while somebody else does. */
async function finish(deps: Deps, held: Held, wish: Wish): Promise<Session> {
  if (held.session.status !== 'completing') assertStarted(held.session);
  const holder = newId(deps.random);
  const turn = await patiently(WAIT_MS, async () => {
    const leased = await deps.database.single(held.scope, (sql) =>
      leaseCompletion(sql, held.session.id, holder, LEASE_SECONDS, wish.objectDigest ?? null),
    );
    if (leased) return { leased };
    const settled = await deps.database.single(held.scope, (sql) => findSession(sql, held.session.id));
    // Another token was issued meanwhile, and this one opens nothing any more.
    if (!settled) throw notFound();
    // Open again: what somebody else was at came to nothing, and it is this one's turn.
    return isOpen(settled) ? undefined : { settled };
  });
  if (!turn)
    throw new UploadError('UPLOAD_COMPLETING', 'The store is still putting this upload together; ask again.', {
      retryAfter: 5,
    });
  if (turn.settled) return turn.settled;
  const lease = keepLease(deps, held, holder);
  try {
    return await completeLeased(deps, held, turn.leased as Session & { uploadId: string }, holder, wish);
  } finally {
    lease.stop();
  }
}

async function completeLeased(
  deps: Deps,
  held: Held,
  session: Session & { uploadId: string },
  holder: string,
  wish: Wish,
): Promise<Session> {
  const { bucket } = held;
  const upload = { key: session.fileKey, uploadId: session.uploadId };
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
      const stored = parts?.map((part) => part.partNumber);
      await deps.database.single(held.scope, (sql) => releaseCompletion(sql, session.id, holder, stored));
      if (parts && error instanceof StoreFault && error.code === 'InvalidPart') await assertUnchanged(held, parts);
      throw unsure ? seen : await lostOr(deps, held, error);
    }
  }
  const finished = await bucket.headObject(session.fileKey);
  if (!finished)
    throw new UploadError('STORE_UNAVAILABLE', 'The store does not show the finished object yet; ask again.', {
      retryAfter: 5,
    });
  return settle(deps, held, session, holder, finished);
}

/** A part may have been sent anew between the list and its use; then whoever asks again has the new one. */
async function assertUnchanged({ bucket, session }: Held, parts: UploadedPart[]): Promise<void> {
  const etags = (list: UploadedPart[]) => list.map((part) => part.etag).join();
  const upload = { key: session.fileKey, uploadId: session.uploadId! };
  if (etags(await bucket.listParts(upload, session.totalParts)) !== etags(parts)) throw overtaken();
}

/** Compares and writes down; an object that is not what the client sent does not stay. */
async function settle(deps: Deps, held: Held, session: Session, holder: string, finished: Finished): Promise<Session> {
  const { fileSize: size, objectDigest } = session;
  const verifiedBy = verify(finished, { size, objectDigest, partsBound: deps.partDigest });
  if (!verifiedBy) {
    const message = 'The finished object is not what was sent; it was deleted. Upload the file anew.';
    // Before the object goes: whoever lost the lease must not take away what its successor has verified.
    if (!(await endInFailure(deps, held.scope, session.id, 'DIGEST_MISMATCH', message, holder)))
      return settled(deps, held, session);
    await freeStore(deps, session, held.bucket.deleteObject(session.fileKey));
    throw new UploadError('DIGEST_MISMATCH', message);
  }
  // The public address is that of our own bucket.
  const url =
    deps.publicBaseUrl && !session.callersBucket
      ? new URL(session.fileKey, `${deps.publicBaseUrl}/`).href
      : held.bucket.addressOf(session.fileKey);
  const done = await deps.database.single(held.scope, (sql) =>
    finishCompletion(sql, session.id, holder, { etag: finished.etag, url, verifiedBy }),
  );
  if (!done) return settled(deps, held, session);
  deps.metrics?.ended('completed');
  deps.metrics?.verified(size);
  await deps.announce?.(session.id);
  return done;
}

/** What whoever took over has made of it. */
const settled = async (deps: Deps, { scope }: Held, session: Session): Promise<Session> =>
  (await deps.database.single(scope, (sql) => findSession(sql, session.id))) ?? session;

/** Every part there, each of its size, and the caller's ETags, where it gave any, the store's; else throws `INCOMPLETE_PARTS`. */
function completeParts(session: Session, parts: UploadedPart[], wish: Wish): UploadedPart[] {
  const given = wish.parts && new Map(wish.parts.map((part) => [part.partNumber, part.etag.replaceAll('"', '')]));
  const right = parts.filter(
    ({ partNumber, size, etag }) =>
      partNumber <= session.totalParts &&
      size === partRange(session, partNumber).size &&
      (!given || given.get(partNumber) === etag),
  );
  const lacking = missing(rangesOf(right.map((part) => part.partNumber)), session.totalParts);
  if (!lacking.length) return right;
  throw new UploadError(
    'INCOMPLETE_PARTS',
    `${lacking.length} of ${session.totalParts} parts are missing or are not what was sent; send them and complete again.`,
    {
      detail: { missing: lacking.slice(0, MOST_MISSING_NAMED) },
    },
  );
}

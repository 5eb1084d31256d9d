import type { Finished } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { CompleteAnswer } from '../contract/wire.ts';
import { finishCompletion, leaseCompletion } from '../database/completion.ts';
import type { Session } from '../database/session.ts';
import { findSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../token.ts';
import { findFinished, type Wish } from './assembly.ts';
import { isForgotten } from './bring.ts';
import { endInFailure } from './fail.ts';
import { freeStore } from './free.ts';
import { keepLease, LEASE_SECONDS } from './lease.ts';
import { patiently } from './patience.ts';
import { assertOpen, assertStarted, type Held, isOpen, notFound, overtaken } from './session.ts';
import { verifySession } from './verify.ts';

const WAIT_MS = 20_000;
/** Seconds that the owner's download address lives. */
const DOWNLOAD_SECONDS = 3600;

/** Has the object put together, where it was not sent whole, and says done only after HEAD has confirmed it; repeated, it answers the same. */
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
  if (finished && !verifySession(finished, { ...session, objectDigest }, true))
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
    const finished = await findFinished(deps, held, turn.leased, holder, wish);
    return await settle(deps, held, turn.leased, holder, finished);
  } finally {
    lease.stop();
  }
}

/** Compares and writes down; an object that is not what the client sent does not stay. */
async function settle(deps: Deps, held: Held, session: Session, holder: string, finished: Finished): Promise<Session> {
  const verifiedBy = verifySession(finished, session, deps.partDigest);
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
  deps.metrics?.verified(finished.size);
  await deps.announce?.(session.id);
  return done;
}

/** What whoever took over has made of it. */
const settled = async (deps: Deps, { scope }: Held, session: Session): Promise<Session> =>
  (await deps.database.single(scope, (sql) => findSession(sql, session.id))) ?? session;

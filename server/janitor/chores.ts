import type { Bucket } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { Session } from '../database/session.ts';
import { failSession } from '../database/sessions.ts';
import { type Chore, expireSession, markSwept, tendAgain } from '../database/upkeep.ts';
import type { Deps } from '../deps.ts';
import { completeUpload } from '../session/complete.ts';
import { type Held, held, OVERDUE } from '../session/session.ts';
import { DIGEST_URL_SECONDS } from '../session/urls.ts';

/** What a janitor acts under: it sees every session, and no key or grant that is still good. */
export const SCOPE = { service: 'janitor' } as const;

/** A bucket that is still out of reach so long after the upload's time, gone or with other keys, is not waited for. */
const HOPELESS_MS = 7 * 86_400_000;

/** A PUT whose URL was given just before the end may begin until that has run out, and take its time. */
const LATE_PUT_MS = (DIGEST_URL_SECONDS + 45 * 60) * 1000;

const UNMADE = 'The server went away while this upload was being begun; begin it anew.';

/** The janitor needs no token. */
export const hold = (deps: Deps, session: Session): Held => held(deps, session, '', SCOPE);

/** How each is done. Whatever one throws leaves the session to the next janitor. */
export const CHORES: Record<Chore, (deps: Deps, session: Session) => Promise<unknown>> = {
  overdue: expire,
  orphaned: settle,
  unmade: (deps, { id }) => end(deps, id, (sql) => failSession(sql, id, 'MULTIPART_INIT_FAILED', UNMADE)),
  unswept: sweep,
};

/** Completes it; one whose parts are missing or wrong is settled, too: it goes on, or has ended in failure. */
async function settle(deps: Deps, session: Session): Promise<void> {
  try {
    await completeUpload(deps, hold(deps, session), {});
  } catch (error) {
    if (error instanceof UploadError && error.retryAfter === undefined) return;
    if (!isHopeless(deps, session) || !session.leaseHolder) throw error;
    const { id, leaseHolder } = session;
    await end(deps, id, (sql) => failSession(sql, id, 'UPLOAD_EXPIRED', OVERDUE, leaseHolder));
  }
}

/** Ends what was not finished in time; where its object is there nevertheless, it is completed. */
async function expire(deps: Deps, session: Session): Promise<void> {
  if (session.uploadId && (await isThere(deps, session))) await settle(deps, session);
  await end(deps, session.id, (sql) => expireSession(sql, session.id, 'UPLOAD_EXPIRED', OVERDUE));
}

async function isThere(deps: Deps, session: Session): Promise<boolean> {
  try {
    return (await hold(deps, session).bucket.headObject(session.fileKey)) !== undefined;
  } catch (error) {
    if (isHopeless(deps, session)) return false;
    throw error;
  }
}

const isHopeless = (deps: Deps, { expiresAt }: Session): boolean =>
  expiresAt.getTime() + HOPELESS_MS < deps.clock().getTime();

async function end(deps: Deps, id: string, work: Parameters<typeof deps.database.scoped<Session | undefined>>[1]) {
  if (!(await deps.database.scoped(SCOPE, work))) return;
  deps.metrics?.ended('failed');
  void deps.announce?.(id);
}

/**
 * Frees what the store still has of an ended session: its upload, others that were begun for its key when an answer
 * was lost, and the object that a cancel overtook. What has merely expired keeps its object: nobody asked to be rid of it.
 * That of a single PUT was never verified, and goes; it may still land after the end, and is looked for once more.
 */
export async function sweep(deps: Deps, session: Session): Promise<void> {
  try {
    await free(hold(deps, session));
  } catch (error) {
    if (!isHopeless(deps, session)) throw error;
  }
  const late = new Date(session.updatedAt.getTime() + LATE_PUT_MS);
  const again = session.partDigest !== null && late > deps.clock();
  await deps.database.single(SCOPE, (sql) => (again ? tendAgain(sql, session.id, late) : markSwept(sql, session.id)));
}

async function free({ bucket, session }: Held): Promise<void> {
  const { status, fileKey: key, errorCode, partDigest } = session;
  if (partDigest === null) await freeUploads(bucket, session);
  const unwanted =
    status === 'aborted' || (status === 'failed' && (errorCode !== 'UPLOAD_EXPIRED' || partDigest !== null));
  if (unwanted && (await bucket.headObject(key))) await bucket.deleteObject(key);
}

async function freeUploads(bucket: Bucket, { status, fileKey: key, uploadId }: Session): Promise<void> {
  const known = uploadId && status !== 'completed' ? [{ key, uploadId }] : [];
  const listed = (await bucket.findUploads(key)).filter((upload) => upload.uploadId !== uploadId);
  for (const upload of [...known, ...listed]) await bucket.abortUpload(upload);
}

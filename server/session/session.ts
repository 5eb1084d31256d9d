import type { Bucket } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { Scope } from '../database/connection.ts';
import type { Session } from '../database/session.ts';
import { findSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { tellRequest } from '../log/request.ts';
import { hashToken, resumeToken, sameBytes, sessionOf } from '../token.ts';
import { isForgotten, openBrought } from './bring.ts';
import { authenticate, credentialOf } from './caller.ts';
import { endInFailure } from './fail.ts';

/** A session that the caller has shown the token of. */
export interface Held {
  session: Session;
  token: string;
  scope: Scope;
  /** Throws where the credentials of a caller's bucket are gone; those of an open session are not. */
  readonly bucket: Bucket;
}

/** Of a session that has failed because its time has run out. */
export const OVERDUE = 'The upload was not finished in time.';

export const notFound = () => new UploadError('UPLOAD_NOT_FOUND', 'No such upload, or it belongs to somebody else.');

/** What was to be changed was in another state by then, and is in this one again. */
export const overtaken = () =>
  new UploadError('UPLOAD_COMPLETING', 'This upload has just changed its state; ask again.', { retryAfter: 1 });

/**
 * Finds the session of `token`; user credentials that come along must be its owner's.
 * An open session whose time has run out is failed on the way. Throws `UPLOAD_NOT_FOUND` or `RATE_LIMITED`.
 */
export async function holdSession(deps: Deps, token: string, request: Request): Promise<Held> {
  const id = sessionOf(token);
  if (!id) throw notFound();
  deps.gate?.show(token, deps.clock());
  const scope = { tokenHash: hashToken(token) };
  let session = await deps.database.single(scope, (sql) => findSession(sql, id));
  if (!session) throw notFound();
  if (credentialOf(request.headers) && (await authenticate(deps, request)).userId !== session.userId) throw notFound();
  tellRequest({ userId: session.userId });
  if (session.expiresAt <= deps.clock() && (session.status === 'active' || session.status === 'paused'))
    session = (await endInFailure(deps, scope, id, 'UPLOAD_EXPIRED', OVERDUE)) ?? session;
  return held(deps, session, token, scope);
}

/** Throws where the session's bucket cannot be opened: before anything is changed. */
export function held(deps: Deps, session: Session, token: string, scope: Scope): Held {
  if (!isForgotten(session)) bucketOf(deps, session);
  return {
    session,
    token,
    scope,
    get bucket() {
      return bucketOf(deps, session);
    },
  };
}

/** The bucket that the session was begun in. Throws `STORE_UNAVAILABLE`. */
export function bucketOf(deps: Deps, session: Session): Bucket {
  if (session.callersBucket) return openBrought(deps, session);
  const bucket = deps.buckets[session.provider];
  if (bucket?.name === session.bucket) return bucket;
  throw new UploadError('STORE_UNAVAILABLE', `The bucket that this upload was begun in is not configured any more.`, {
    retryAfter: 60,
  });
}

/** It has not ended. */
export const isOpen = ({ status }: Pick<Session, 'status'>): boolean =>
  status === 'active' || status === 'paused' || status === 'completing';

/** Throws what a call that needs an open session answers for one that is not. */
export function assertOpen(session: Session): void {
  if (session.status === 'completed')
    throw new UploadError('UPLOAD_ALREADY_COMPLETED', 'This upload is finished; complete tells its address.');
  if (session.status === 'aborted') throw new UploadError('UPLOAD_ABORTED', 'This upload was cancelled.');
  if (session.status === 'failed')
    throw new UploadError(session.errorCode!, session.errorMessage ?? 'This upload has failed.');
  if (session.status === 'completing')
    throw new UploadError('UPLOAD_COMPLETING', 'This upload is just being finished.', { retryAfter: 2 });
}

/** It goes by a single PUT, or the store has its multipart upload. */
export const isBegun = ({ uploadId, partDigest }: Pick<Session, 'uploadId' | 'partDigest'>): boolean =>
  uploadId !== null || partDigest !== null;

/** `assertOpen`, and it is begun in the store. */
export function assertStarted(session: Session): void {
  assertOpen(session);
  if (!isBegun(session))
    throw new UploadError('UPLOAD_STARTING', 'This upload is just being begun; ask again.', { retryAfter: 1 });
}

/** The session's token, derived from the secret that it was made with; undefined where that one is lost. */
export const tokenOf = (deps: Deps, { id, tokenGeneration, tokenHash }: Session): string | undefined =>
  [deps.secret, ...deps.previousSecrets]
    .map((secret) => resumeToken(secret, id, tokenGeneration))
    .find((token) => sameBytes(hashToken(token), tokenHash));

/** Seconds until the session expires, at least 1. */
export const secondsLeft = (deps: Deps, session: Pick<Session, 'expiresAt'>): number =>
  Math.max(1, Math.floor((session.expiresAt.getTime() - deps.clock().getTime()) / 1000));

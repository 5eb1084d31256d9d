import { type Bucket, StoreFault, type Upload } from '../bucket/bucket.ts';
import { UploadError } from '../contract/errors.ts';
import type { Scope } from '../database/connection.ts';
import { attachUpload, leaseCreation, releaseCreation } from '../database/creation.ts';
import type { Session } from '../database/session.ts';
import { findByIdempotencyKey, findSession } from '../database/sessions.ts';
import { markSwept } from '../database/upkeep.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from './caller.ts';
import { endInFailure } from './fail.ts';
import { freeStore } from './free.ts';
import { objectHeaders } from './headers.ts';
import { patiently } from './patience.ts';
import { assertOpen, bucketOf } from './session.ts';

/** Seconds that one server may take to create the store's upload before another tries. */
export const CREATION_LEASE = 30;
const CREATION_WAIT_MS = 20_000;

/** Creates the store's upload, or adopts the one that a server left behind before it could write it down. */
export async function createUpload(
  deps: Deps,
  caller: Caller,
  session: Session,
  holder: string,
  repeated: boolean,
): Promise<Session> {
  const scope = { user: caller.userId };
  if (repeated) {
    const turn = await patiently(CREATION_WAIT_MS, async () => {
      const leased = await deps.database.single(scope, (sql) => leaseCreation(sql, session.id, holder, CREATION_LEASE));
      if (leased) return { leased };
      const found = await deps.database.single(scope, (sql) =>
        findByIdempotencyKey(sql, caller.userId, session.idempotencyKey!),
      );
      return found?.uploadId ? { found } : undefined;
    });
    if (!turn)
      throw new UploadError('UPLOAD_STARTING', 'The same init is still being worked on; ask again.', { retryAfter: 2 });
    if (turn.found) return turn.found;
  }
  const bucket = bucketOf(deps, session);
  const key = session.fileKey;
  const { uploadId, alone } = await create(bucket, session, repeated).catch((error) =>
    giveUp(deps, scope, session, { holder, repeated }, error),
  );
  const attached = await deps.database.single(scope, (sql) => attachUpload(sql, session.id, uploadId));
  if (attached) {
    // Only now: whoever else is at it cannot write down another any more.
    if (!alone) await freeStore(deps, session, abortOthers(bucket, { key, uploadId }));
    return attached;
  }
  const now = await deps.database.single(scope, (sql) => findSession(sql, session.id));
  if (now?.uploadId !== uploadId) await bucket.abortUpload({ key, uploadId });
  if (now) assertOpen(now);
  throw new UploadError('UPLOAD_STARTING', 'This init was overtaken by another; ask again.', { retryAfter: 1 });
}

/** A single PUT asks a caller's store nothing before it is made: whether it takes the keys is found out here. */
export async function tryCredentials(deps: Deps, caller: Caller, session: Session, holder: string): Promise<void> {
  const scope = { user: caller.userId };
  await bucketOf(deps, session)
    .ping(AbortSignal.timeout(CREATION_WAIT_MS))
    .catch((error) => giveUp(deps, scope, session, { holder, repeated: false }, error));
}

/** Where nothing was begun in the store. */
async function giveUp(
  deps: Deps,
  scope: Scope,
  session: Session,
  { holder, repeated }: { holder: string; repeated: boolean },
  error: unknown,
): Promise<never> {
  // Nothing was made with keys that the store does not take: they are not kept.
  if (session.callersBucket && !repeated && error instanceof StoreFault && error.kind === 'refused') {
    const message = `The store refused these credentials (${error.code}): mend them or their permissions, and begin anew.`;
    await endInFailure(deps, scope, session.id, 'FORBIDDEN', message);
    await deps.database.single(scope, (sql) => markSwept(sql, session.id));
    throw new UploadError('FORBIDDEN', message);
  }
  // The next repeat need not wait for the lease: it looks for what this one may have left behind. Without a key none comes.
  if (session.idempotencyKey !== null)
    await deps.database.single(scope, (sql) => releaseCreation(sql, session.id, holder));
  else await endInFailure(deps, scope, session.id, 'MULTIPART_INIT_FAILED', 'The store did not begin this upload.');
  throw error;
}

async function create(bucket: Bucket, session: Session, repeated: boolean) {
  const [adopted] = repeated ? await bucket.findUploads(session.fileKey) : [];
  return adopted
    ? { uploadId: adopted.uploadId, alone: true }
    : bucket.createUpload(session.fileKey, objectHeaders(session));
}

async function abortOthers(bucket: Bucket, { key, uploadId }: Upload): Promise<void> {
  for (const upload of await bucket.findUploads(key))
    if (upload.uploadId !== uploadId) await bucket.abortUpload(upload);
}

import { UploadError } from '../contract/errors.ts';
import { progressOf } from '../contract/progress.ts';
import { includes } from '../contract/ranges.ts';
import type { SignAnswer, SignRequest, UploadedPart } from '../contract/wire.ts';
import type { Session } from '../database/session.ts';
import { recordStored } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { assertStarted, type Held, overtaken } from './session.ts';
import { storedParts } from './stored.ts';
import { partUrls, urlSeconds } from './urls.ts';

/** The next window of URLs; takes down what the caller reports as stored, and on demand asks the store itself. */
export async function signParts(deps: Deps, held: Held, wish: SignRequest): Promise<SignAnswer> {
  assertSignable(held.session);
  const numbers = [...(wish.stored ?? []), ...wish.parts.map((part) => part.partNumber)];
  const beyond = numbers.find((n) => n > held.session.totalParts);
  if (beyond)
    throw new UploadError(
      'INVALID_REQUEST',
      `Part ${beyond} is beyond the ${held.session.totalParts} parts of this upload.`,
    );

  assertBound(held.session, wish);
  const clash = wish.parts.some((part) => includes(held.session.stored, part.partNumber));
  const listed = wish.reconcile || clash ? await storedParts(deps, held) : undefined;
  if (listed) assertSameDigests(listed, wish);
  const session = await record(deps, held, wish, listed);
  const parts = wish.parts.filter((part) => !includes(session.stored, part.partNumber));
  return {
    success: true,
    partUrls: await partUrls(deps, held.bucket, session, parts),
    expiresIn: urlSeconds(deps, session, parts),
    storedParts: session.stored,
    progress: progressOf(session, session.stored),
  };
}

function assertSignable(session: Session): void {
  if (session.status === 'paused')
    throw new UploadError('UPLOAD_PAUSED', 'This upload is paused; resume makes it go on.');
  assertStarted(session);
}

async function record(deps: Deps, held: Held, wish: SignRequest, listed: UploadedPart[] | undefined): Promise<Session> {
  const stored = listed ? listed.map((part) => part.partNumber) : (wish.stored ?? []);
  if (!listed && !stored.length) return held.session;
  const session = await deps.database.single(held.scope, (sql) =>
    recordStored(sql, held.session.id, stored, listed !== undefined),
  );
  if (!session) throw overtaken();
  assertSignable(session);
  return session;
}

/** Once it is finished nobody can take back the URLs that were given before: none may ever be for other bytes. */
function assertBound({ partDigest }: Session, wish: SignRequest): void {
  if (partDigest !== null && wish.parts.some(({ digest }) => digest && digest !== partDigest))
    throw new UploadError('PART_ALREADY_STORED', 'This upload is bound to other bytes; begin anew with these.', {
      detail: { partNumber: 1 },
    });
}

const MD5_ETAG = /^[0-9a-f]{32}$/;

/** A stored part may not be replaced by other bytes; an ETag that is no MD5 cannot be compared. */
function assertSameDigests(listed: UploadedPart[], wish: SignRequest): void {
  const etags = new Map(listed.map((part) => [part.partNumber, part.etag]));
  for (const { partNumber, digest } of wish.parts) {
    const etag = etags.get(partNumber);
    if (!etag || !digest || !MD5_ETAG.test(etag)) continue;
    if (Buffer.from(digest, 'base64').toString('hex') !== etag)
      throw new UploadError('PART_ALREADY_STORED', `Part ${partNumber} is stored already, with other bytes.`, {
        detail: { partNumber },
      });
  }
}

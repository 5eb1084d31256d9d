import { progressOf } from '../contract/progress.ts';
import type { ClaimAnswer } from '../contract/wire.ts';
import { lockOpen, replaceToken } from '../database/claim.ts';
import type { Query } from '../database/connection.ts';
import type { Session } from '../database/session.ts';
import { failOverdue } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { hashToken, resumeToken } from '../token.ts';
import type { Caller } from './caller.ts';
import { assertOpen, notFound, OVERDUE, secondsLeft } from './session.ts';

/** A new token, which alone opens the session from now on. */
export async function issueToken(deps: Deps, sql: Query, { id, tokenGeneration }: Session): Promise<string> {
  const generation = tokenGeneration + 1;
  const token = resumeToken(deps.secret, id, generation);
  await replaceToken(sql, id, generation, hashToken(token));
  return token;
}

/** The caller's own open session with a new token, which alone opens it from now on. Throws `UPLOAD_NOT_FOUND`, `UPLOAD_COMPLETING`. */
export async function claimUpload(
  deps: Deps,
  { userId }: Caller,
  by: { sessionId: string } | { fingerprint: string },
  idleSeconds = 0,
): Promise<ClaimAnswer> {
  const claimed = await deps.database.scoped({ user: userId }, async (sql) => {
    // In this order, as everybody does: first the upload, then, by what ends others, the account.
    const open = await lockOpen(sql, userId, by, deps.clock(), idleSeconds);
    await failOverdue(sql, userId, deps.clock(), 'UPLOAD_EXPIRED', OVERDUE);
    if (!open) return undefined;
    // Its token may not change under whoever completes it.
    assertOpen(open);
    return { session: open, token: await issueToken(deps, sql, open) };
  });
  if (!claimed) throw notFound();
  const { session, token } = claimed;
  return {
    success: true,
    resumeToken: token,
    sessionId: session.id,
    status: session.status as ClaimAnswer['status'],
    uploadId: session.uploadId,
    fileKey: session.fileKey,
    filename: session.filename,
    fileSize: session.fileSize,
    totalParts: session.totalParts,
    partSize: session.partSize,
    expiresIn: secondsLeft(deps, session),
    progress: progressOf(session, session.stored),
  };
}

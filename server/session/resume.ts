import { progressOf } from '../contract/progress.ts';
import { missing } from '../contract/ranges.ts';
import type { ResumeAnswer, ResumeRequest } from '../contract/wire.ts';
import { activate, recordStored } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { assertStarted, type Held, overtaken } from './session.ts';
import { storedParts } from './stored.ts';
import { partUrls } from './urls.ts';

/** What the store has and URLs for what it lacks; a paused session becomes active again. */
export async function resumeSession(deps: Deps, held: Held, wish: ResumeRequest): Promise<ResumeAnswer> {
  const startedAt = performance.now();
  assertStarted(held.session);
  const uploadedParts = await storedParts(deps, held);
  const session = await deps.database.scoped(held.scope, async (sql) => {
    await activate(sql, held.session.id);
    return recordStored(
      sql,
      held.session.id,
      uploadedParts.map((part) => part.partNumber),
      true,
    );
  });
  if (!session) throw overtaken();
  assertStarted(session);
  const lacking = missing(session.stored, session.totalParts, wish.partUrlCount);
  return {
    success: true,
    resumeToken: held.token,
    uploadId: session.uploadId,
    fileKey: session.fileKey,
    filename: session.filename,
    totalParts: session.totalParts,
    partSize: session.partSize,
    uploadedParts,
    remainingParts: await partUrls(
      deps,
      held.bucket,
      session,
      lacking.map((partNumber) => ({ partNumber })),
    ),
    progress: progressOf(session, session.stored),
    ...(session.fingerprint !== null && { fingerprint: session.fingerprint }),
    resumeTime: Math.round(performance.now() - startedAt),
    message: `${uploadedParts.length} of ${session.totalParts} parts are stored.`,
  };
}

import { UploadError } from '../contract/errors.ts';
import { progressOf } from '../contract/progress.ts';
import type { PauseAnswer } from '../contract/wire.ts';
import { findSession, pauseSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { assertStarted, type Held, notFound } from './session.ts';

/** `active → paused`, until `resume`; repeated, it answers the same. */
export async function pauseUpload(deps: Deps, held: Held): Promise<PauseAnswer> {
  const { id } = held.session;
  const session = await deps.database.scoped(held.scope, async (sql) => {
    const paused = await pauseSession(sql, id);
    if (paused) return paused;
    const now = await findSession(sql, id);
    if (!now) throw notFound();
    assertStarted(now);
    throw new UploadError('UPLOAD_COMPLETING', 'This upload has just changed its state; ask again.', { retryAfter: 1 });
  });
  return { success: true, progress: progressOf(session, session.stored) };
}

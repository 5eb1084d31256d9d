import { progressOf } from '../contract/progress.ts';
import type { PauseAnswer } from '../contract/wire.ts';
import { findSession, pauseSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { assertStarted, type Held, notFound, overtaken } from './session.ts';

/** `active → paused`, until `resume`; repeated, it answers the same. */
export async function pauseUpload(deps: Deps, held: Held): Promise<PauseAnswer> {
  const { id } = held.session;
  const session = await deps.database.scoped(held.scope, async (sql) => {
    const paused = await pauseSession(sql, id);
    if (paused) return paused;
    const now = await findSession(sql, id);
    if (!now) throw notFound();
    assertStarted(now);
    throw overtaken();
  });
  return { success: true, progress: progressOf(session, session.stored) };
}

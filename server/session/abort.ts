import type { AbortAnswer } from '../contract/wire.ts';
import { abortSession, findSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { assertOpen, type Held, notFound } from './session.ts';

/** Ends the session and frees what the store has of it; repeated, it makes sure once more. */
export async function abortUpload(deps: Deps, held: Held): Promise<AbortAnswer> {
  if (held.session.status !== 'aborted') {
    assertOpen(held.session);
    const aborted = await deps.database.scoped(held.scope, (sql) => abortSession(sql, held.session.id));
    if (!aborted) {
      const now = await deps.database.scoped(held.scope, (sql) => findSession(sql, held.session.id));
      if (now && now.status !== 'aborted') assertOpen(now);
      if (!now) throw notFound();
    }
  }
  const { fileKey, uploadId } = held.session;
  if (uploadId) await held.bucket.abortUpload({ key: fileKey, uploadId });
  return { success: true, resumeToken: held.token, message: 'Upload cancelled.' };
}

import type { AbortAnswer } from '../contract/wire.ts';
import { abortSession, findSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import { isForgotten } from './bring.ts';
import { freeStore } from './free.ts';
import { assertOpen, type Held, notFound, overtaken } from './session.ts';

/** Ends the session and frees what the store has of it, now or, where the store is away, by the janitor. */
export async function abortUpload(deps: Deps, held: Held): Promise<AbortAnswer> {
  const { id, status, fileKey } = held.session;
  if (status !== 'aborted') {
    assertOpen(held.session);
    const aborted = await deps.database.single(held.scope, (sql) => abortSession(sql, id));
    if (aborted) deps.metrics?.ended('aborted');
    else {
      const now = await deps.database.single(held.scope, (sql) => findSession(sql, id));
      if (!now) throw notFound();
      if (now.status !== 'aborted') {
        assertOpen(now);
        throw overtaken();
      }
    }
  }
  const { uploadId, partDigest } = held.session;
  if (!isForgotten(held.session)) {
    if (uploadId) await freeStore(deps, held.session, held.bucket.abortUpload({ key: fileKey, uploadId }));
    if (partDigest !== null) await freeStore(deps, held.session, held.bucket.deleteObject(fileKey));
  }
  return { success: true, resumeToken: held.token, message: 'Upload cancelled.' };
}

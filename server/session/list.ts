import { UploadError } from '../contract/errors.ts';
import type { ListAnswer, SessionStatus } from '../contract/wire.ts';
import { listSessions, type Place } from '../database/listing.ts';
import type { Session } from '../database/session.ts';
import { failOverdue } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from './caller.ts';
import { standingOf } from './progress.ts';
import { OVERDUE } from './session.ts';

export interface ListWish {
  limit: number;
  cursor?: string | undefined;
  status?: SessionStatus | undefined;
}

/** One page of the caller's sessions, newest first; what is begun meanwhile changes no later page. */
export async function listUploads(deps: Deps, { userId }: Caller, wish: ListWish): Promise<ListAnswer> {
  const after = wish.cursor === undefined ? undefined : placeOf(wish.cursor);
  let overdue = 0;
  const found = await deps.database.scoped({ user: userId }, async (sql) => {
    overdue = await failOverdue(sql, userId, deps.clock(), 'UPLOAD_EXPIRED', OVERDUE);
    // One more than asked for tells whether there is another page.
    return listSessions(sql, userId, { ...wish, limit: wish.limit + 1, after });
  });
  deps.metrics?.ended('failed', overdue);
  const page = found.slice(0, wish.limit);
  return {
    success: true,
    uploads: page.map(({ session }) => listed(session)),
    ...(found.length > page.length && { cursor: cursorOf(page.at(-1)!.place) }),
  };
}

const listed = (session: Session) => ({
  id: session.id,
  filename: session.filename,
  fileKey: session.fileKey,
  fileSize: session.fileSize,
  contentType: session.contentType,
  ...standingOf(session),
  createdAt: session.createdAt.toISOString(),
  updatedAt: session.updatedAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
});

const cursorOf = ({ at, id }: Place): string => Buffer.from(`${at} ${id}`).toString('base64url');

const CURSOR = /^(\d{1,16}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function placeOf(cursor: string): Place {
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at && id) return { at, id };
  throw new UploadError('INVALID_REQUEST', 'cursor must be the one that the page before gave.');
}

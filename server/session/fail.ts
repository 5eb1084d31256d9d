import type { ErrorCode } from '../contract/errors.ts';
import type { Scope } from '../database/connection.ts';
import type { Session } from '../database/session.ts';
import { failSession } from '../database/sessions.ts';
import type { Deps } from '../deps.ts';

/** Ends the session in failure and has that told; `holder` is who holds it while it is `completing`. Undefined where it has ended already. */
export async function endInFailure(
  deps: Deps,
  scope: Scope,
  id: string,
  code: ErrorCode,
  message: string,
  holder?: string,
): Promise<Session | undefined> {
  const failed = await deps.database.single(scope, (sql) => failSession(sql, id, code, message, holder));
  if (!failed) return undefined;
  deps.metrics?.ended('failed');
  void deps.announce?.(id);
  return failed;
}

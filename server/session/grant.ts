import type { GrantAnswer, GrantRequest } from '../contract/wire.ts';
import { insertGrant } from '../database/credentials.ts';
import type { Deps } from '../deps.ts';
import { hashToken, newGrant } from '../token.ts';
import type { Caller } from './caller.ts';

const STANDARD = { maxBytes: 50 * 2 ** 30, maxFiles: 1000, days: 7 };
const LONGEST_DAYS = 30;
const DAY_SECONDS = 86_400;

/** Gives the caller a capability to begin sessions later, without its credentials, within these bounds. */
export async function giveGrant(deps: Deps, caller: Caller, wish: GrantRequest): Promise<GrantAnswer> {
  const grant = newGrant(deps.random);
  const limits = {
    maxBytes: wish.maxBytes ?? STANDARD.maxBytes,
    maxFiles: wish.maxFiles ?? STANDARD.maxFiles,
    contentTypes: wish.contentTypes ?? [],
  };
  const expiresIn = Math.min(wish.days ?? STANDARD.days, LONGEST_DAYS) * DAY_SECONDS;
  const expiresAt = new Date(deps.clock().getTime() + expiresIn * 1000);
  await deps.database.single({ user: caller.userId }, (sql) =>
    insertGrant(sql, hashToken(grant), { userId: caller.userId, apiKeyId: caller.apiKeyId, ...limits, expiresAt }),
  );
  return { success: true, grant, expiresIn, ...limits };
}

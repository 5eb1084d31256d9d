import { renewLease } from '../database/completion.ts';
import type { Deps } from '../deps.ts';
import type { Held } from './session.ts';

/** A holder that dies is succeeded after this time. */
export const LEASE_SECONDS = 30;

/** Renews the lease of `holder` until stopped: a store may take minutes to put a large object together. */
export function keepLease(deps: Deps, held: Held, holder: string): { stop(): void } {
  const renew = () =>
    deps.database
      .single(held.scope, (sql) => renewLease(sql, held.session.id, holder, LEASE_SECONDS))
      .catch((error) => deps.log('lease', { error: String(error) }));
  const timer = setInterval(renew, (LEASE_SECONDS / 3) * 1000);
  return { stop: () => clearInterval(timer) };
}

import type { Session } from '../database/session.ts';
import type { Deps } from '../deps.ts';

/** Waits for the freeing of what the store has of an ended upload; where that fails, the janitor does it later. */
export async function freeStore(deps: Deps, session: Pick<Session, 'id'>, freeing: Promise<void>): Promise<void> {
  await freeing.catch((fault) => deps.log('store', { sessionId: session.id, message: fault.message, next: 'janitor' }));
}

import type { PartUrl } from '../server/contract/wire.ts';
import { idempotencyKey } from './record.ts';
import type { Transit } from './transit.ts';

/** Digests that go along with init. */
const FIRST_WINDOW = 32;

export type Begun = { urls: PartUrl[]; expiresIn: number } | { recut: number };

/**
 * Begins the session with what is sliced so far; undefined where there is nothing to begin with, or nobody to begin it.
 * Where the server's plan is another, `recut` is its part size and the record has the session already.
 */
export async function beginSession(transit: Transit): Promise<Begun | undefined> {
  const { host, board, record } = transit;
  while (!board.window(1, 1).length) if (!(await transit.news())) return undefined;
  const identity = await host.identity(record);
  if (!identity) return undefined;
  const parts = board.window(1, FIRST_WINDOW).map(({ partNumber, digest }) => ({ partNumber, digest: digest! }));
  const wish = {
    filename: record.name,
    fileSize: record.size,
    contentType: record.type,
    partSize: record.partSize,
    metadata: record.metadata,
    ...(record.fingerprint && { fingerprint: record.fingerprint }),
    ...(record.provider && { provider: record.provider }),
    parts,
  };
  // Not cut off by a pause once it has left: what has begun must be known here.
  const answer = await transit.gather('init', wish, { identity, idempotencyKey: idempotencyKey(record) });
  record.resumeToken = answer.resumeToken;
  // With another plan the token is written when the plan is.
  if (answer.partSize !== record.partSize) return { recut: answer.partSize };
  // Not waited for: a token lost with the page is issued again to the same Idempotency-Key.
  const kept = host.store.change(record.id, () => ({ resumeToken: answer.resumeToken, error: undefined }));
  void kept.then(() => host.bus.post({ type: 'changed', id: record.id })).catch(() => {});
  return { urls: answer.partUrls, expiresIn: answer.expiresIn };
}

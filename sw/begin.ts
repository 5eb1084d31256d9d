import type { PartUrl } from '../server/contract/wire.ts';
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
  const credentials = await host.credentials(record);
  if (!credentials) return undefined;
  const parts = board.window(1, FIRST_WINDOW).map(({ partNumber, digest }) => ({ partNumber, digest: digest! }));
  const wish = {
    filename: record.name,
    fileSize: record.size,
    contentType: record.type,
    partSize: record.partSize,
    metadata: record.metadata,
    parts,
  };
  const answer = await transit.call('init', wish, { ...credentials, 'idempotency-key': record.id });
  await host.store.change(record.id, () => ({ resumeToken: answer.resumeToken }));
  record.resumeToken = answer.resumeToken;
  host.bus.post({ type: 'changed', id: record.id });
  if (answer.partSize !== record.partSize) return { recut: answer.partSize };
  return { urls: answer.partUrls, expiresIn: answer.expiresIn };
}

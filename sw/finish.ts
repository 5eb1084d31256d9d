import { objectDigestOf } from './digest.ts';
import { loseParts } from './reconcile.ts';
import { RequestError } from './retry.ts';
import type { Transit } from './transit.ts';

/** Has the object put together and verified, and writes it down; false where the store turned out to lack parts. */
export async function finishUpload(transit: Transit): Promise<boolean> {
  const { host, record, board, meter } = transit;
  meter.phase('finishing');
  // The server completes from the store's list, not from ours.
  if (record.totalParts > 1) await transit.recorder.flush().catch(() => {});
  const digests = board.digests();
  const objectDigest = digests && (await objectDigestOf(digests));
  try {
    const wish = { resumeToken: record.resumeToken!, ...(objectDigest && { objectDigest }) };
    const answer = await (record.totalParts === 1 ? transit.gather('complete', wish) : transit.call('complete', wish));
    await host.store.finish(record.id, answer);
    const { url, fileKey, etag } = answer;
    host.bus.post({ type: 'done', id: record.id, object: { url, fileKey, etag } });
    host.bus.post({ type: 'changed', id: record.id });
    return true;
  } catch (error) {
    const missing = error instanceof RequestError && error.failure.missing;
    if (!missing) throw error;
    await loseParts(transit, missing);
    return false;
  }
}

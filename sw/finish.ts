import type { CompleteAnswer } from '../server/contract/wire.ts';
import { objectDigestOf } from './digest.ts';
import { loseParts } from './reconcile.ts';
import { RequestError } from './retry.ts';
import type { Store } from './store.ts';
import type { Transit } from './transit.ts';

/** Writes down that the object is there. */
export async function settleDone(store: Store, id: string, { url, fileKey, etag }: CompleteAnswer): Promise<void> {
  await store.finish(id, { url, fileKey, etag });
}

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
    const answer = await (record.totalParts === 1
      ? transit.gather(record.endpoint, 'complete', wish, undefined, undefined, transit.signal)
      : transit.call('complete', wish));
    await settleDone(host.store, record.id, answer);
    host.bus.post({ type: 'changed', id: record.id });
    return true;
  } catch (error) {
    const missing = error instanceof RequestError && error.failure.missing;
    if (!missing) throw error;
    await loseParts(transit, missing);
    return false;
  }
}

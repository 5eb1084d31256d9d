import type { Bucket } from '../bucket/bucket.ts';
import { partRange } from '../contract/plan.ts';
import type { PartUrl } from '../contract/wire.ts';
import type { Session } from '../database/session.ts';
import type { Deps } from '../deps.ts';
import { secondsLeft } from './session.ts';

/** Seconds: a caller that sends digests signs again just in time. */
const DIGEST_URL_SECONDS = 15 * 60;
/** SigV4's limit of a presigned URL. */
const LONGEST_URL_SECONDS = 7 * 86_400;

export interface Wanted {
  partNumber: number;
  digest?: string | undefined;
}

/** How long the URLs of `parts` live, in seconds: 15 minutes where every one is bound to a digest, else as long as the session. */
export function urlSeconds(deps: Deps, session: Pick<Session, 'expiresAt'>, parts: Wanted[]): number {
  const life = Math.min(LONGEST_URL_SECONDS, secondsLeft(deps, session));
  return deps.partDigest && parts.length && parts.every((part) => part.digest)
    ? Math.min(DIGEST_URL_SECONDS, life)
    : life;
}

/** One presigned URL for each wanted part, bound to its length and, where given, to its digest. */
export async function partUrls(
  deps: Deps,
  bucket: Bucket,
  session: Session & { uploadId: string },
  parts: Wanted[],
): Promise<PartUrl[]> {
  const upload = { key: session.fileKey, uploadId: session.uploadId };
  const expiresIn = urlSeconds(deps, session, parts);
  const startedAt = performance.now();
  const urls = await Promise.all(
    parts.map(async ({ partNumber, digest }) => {
      const range = partRange(session, partNumber);
      const bound = deps.partDigest && digest ? { ...range, digest } : range;
      return { ...range, ...(await bucket.presignPart(upload, bound, expiresIn)) };
    }),
  );
  if (urls.length) deps.metrics?.signed(urls.length, (performance.now() - startedAt) / 1000);
  return urls;
}

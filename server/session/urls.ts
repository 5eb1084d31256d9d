import type { Bucket } from '../bucket/bucket.ts';
import { partRange } from '../contract/plan.ts';
import type { PartUrl } from '../contract/wire.ts';
import type { Session } from '../database/session.ts';
import type { Deps } from '../deps.ts';
import { objectHeaders } from './headers.ts';
import { secondsLeft } from './session.ts';

/** Seconds: a caller that sends digests signs again just in time. */
export const DIGEST_URL_SECONDS = 15 * 60;
/** SigV4's limit of a presigned URL. */
const LONGEST_URL_SECONDS = 7 * 86_400;

export interface Wanted {
  partNumber: number;
  digest?: string | undefined;
}

/** How long the URLs of `parts` live, in seconds: 15 minutes where every one is bound to a digest, else as long as the session. */
export function urlSeconds(deps: Deps, session: Session, parts: Wanted[]): number {
  const life = Math.min(LONGEST_URL_SECONDS, secondsLeft(deps, session));
  const bound = session.partDigest !== null || (deps.partDigest && parts.length && parts.every((part) => part.digest));
  return bound ? Math.min(DIGEST_URL_SECONDS, life) : life;
}

/** One presigned URL for each wanted part, bound to its length and, where given, to its digest; a single PUT to that of its session. */
export async function partUrls(deps: Deps, bucket: Bucket, session: Session, parts: Wanted[]): Promise<PartUrl[]> {
  const expiresIn = urlSeconds(deps, session, parts);
  const startedAt = performance.now();
  const urls = await Promise.all(
    parts.map(async ({ partNumber, digest }) => {
      const range = partRange(session, partNumber);
      return { ...range, ...(await presign(deps, bucket, session, { ...range, digest }, expiresIn)) };
    }),
  );
  if (urls.length) deps.metrics?.signed(urls.length, (performance.now() - startedAt) / 1000);
  return urls;
}

function presign(
  deps: Deps,
  bucket: Bucket,
  session: Session,
  { partNumber, size, digest }: Wanted & { size: number },
  expiresIn: number,
) {
  const { fileKey: key, uploadId, partDigest } = session;
  if (partDigest !== null)
    return bucket.presignObject(key, { size, digest: partDigest, headers: objectHeaders(session) }, expiresIn);
  const part = { partNumber, size, ...(deps.partDigest && digest && { digest }) };
  return bucket.presignPart({ key, uploadId: uploadId! }, part, expiresIn);
}

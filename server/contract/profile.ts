/** What a store demands and enforces. Sizes are bytes; sources: the stores' documentation of multipart limits. */
export interface Profile {
  name: 'S3' | 'R2' | 'generic';
  /** All parts but the last must be of one size. */
  equalParts: boolean;
  smallestPart: number;
  largestPart: number;
  mostParts: number;
  largestObject: number;
  /** Seconds that a session lives; R2 aborts incomplete uploads by itself after 7 days. */
  sessionSeconds: number;
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const TiB = 2 ** 40;
const DAY = 86_400;

const LIMITS = { smallestPart: 5 * MiB, largestPart: 5 * GiB, mostParts: 10_000 };

export const PROFILES: Record<Profile['name'], Profile> = {
  S3: { name: 'S3', equalParts: false, ...LIMITS, largestObject: 10_000 * 5 * GiB, sessionSeconds: 7 * DAY },
  R2: { name: 'R2', equalParts: true, ...LIMITS, largestObject: Math.floor(4.995 * TiB), sessionSeconds: 6.5 * DAY },
  generic: { name: 'generic', equalParts: true, ...LIMITS, largestObject: 10_000 * 5 * GiB, sessionSeconds: 7 * DAY },
};

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

/** Any store that speaks S3; what a client guesses before its server has told. */
export const GENERIC: Profile = {
  name: 'generic',
  equalParts: true,
  smallestPart: 5 * 2 ** 20,
  largestPart: 5 * 2 ** 30,
  mostParts: 10_000,
  largestObject: 10_000 * 5 * 2 ** 30,
  sessionSeconds: 7 * 86_400,
};

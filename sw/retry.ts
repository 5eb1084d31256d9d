import type { Trouble } from './bus.ts';

/** Why a request did not do what it should. */
export interface Failure {
  /** HTTP's; 0 where there was no answer: offline, cut, refused, or hidden by CORS. */
  status: number;
  /** The server's or the bucket's own. */
  code?: string | undefined;
  message?: string | undefined;
  /** Seconds. */
  retryAfter?: number | undefined;
  /** Part numbers that a complete found missing. */
  missing?: number[] | undefined;
}

export class RequestError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(
      failure.message ?? (failure.status ? `HTTP ${failure.status}` : 'The server or the bucket cannot be reached.'),
    );
    this.failure = failure;
  }
}

/** The code that the other side answered with, if that is what went wrong. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof RequestError ? error.failure.code : undefined;

/** What to tell of it. */
export const troubleOf = ({ failure: { code, status }, message }: RequestError): Trouble => ({
  code: code ?? (status ? `HTTP_${status}` : 'NO_CONNECTION'),
  message,
});

const BASE_MS = 500;
const LONGEST_MS = 30_000;
/**
 * Where nobody answered, which is mostly the line: waiting spares nobody, and nothing tells when a portal or a bucket is
 * back. So it grows slowly, too, and lengthens an outage by little.
 */
const LONGEST_SILENT_MS = 10_000;

/**
 * Milliseconds after failure `attempt` (from 1) before it is tried again: full-jitter back-off, exponential but for silence,
 * or what the other side asked for; none after a first 403, as the next attempt has another URL.
 */
export function backOff(failure: Failure, attempt: number, random: () => number): number {
  if (failure.retryAfter !== undefined) return failure.retryAfter * 1000 + random() * BASE_MS;
  if (failure.status === 403 && attempt === 1) return 0;
  if (failure.status === 0) return random() * Math.min(LONGEST_SILENT_MS, BASE_MS * attempt);
  return random() * Math.min(LONGEST_MS, BASE_MS * 2 ** attempt);
}

/** Statuses that another attempt may turn; 0 where there was no answer. */
const TRANSIENT = new Set([0, 408, 425, 429, 500, 502, 503, 504]);
/** Codes that end by themselves; `RequestTimeout` is S3's 400 for a body that came too slowly. */
const PASSING = new Set(['UPLOAD_COMPLETING', 'UPLOAD_STARTING', 'RequestTimeout']);

/** Codes that ask for a signed-in person, not for another attempt. */
export const NEEDS_LOGIN = new Set(['UNAUTHENTICATED', 'GRANT_EXPIRED', 'GRANT_EXHAUSTED', 'FORBIDDEN']);

/** Codes of a session that is gone, and not by anybody's wish: what is on the device begins another. */
export const SESSION_GONE = new Set(['UPLOAD_EXPIRED', 'UPLOAD_NOT_FOUND']);

export function isTransient(failure: Failure): boolean {
  return TRANSIENT.has(failure.status) || PASSING.has(failure.code ?? '');
}

/**
 * What is done before a part that the bucket did not take is sent again.
 * `again`: nothing; `sign`: a fresh URL; `ask`: the server is asked what has become of the upload; `digest`: the bytes on
 * this device are compared with their digest.
 */
export type Remedy = 'again' | 'sign' | 'ask' | 'digest';

/**
 * By what the bucket answered. A failure without an answer may be a refusal that CORS hides (Ceph sends 403 without its
 * headers), and a 403 a URL that grew old; a 404 says that the bucket knows no such upload.
 */
export function remedyFor({ status, code }: Failure): Remedy {
  if (code === 'BadDigest') return 'digest';
  if (status === 404) return 'ask';
  return status !== 0 && isTransient({ status, code }) ? 'again' : 'sign';
}

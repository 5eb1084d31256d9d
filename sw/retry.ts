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

/** Statuses, 0 for none, that another attempt may turn. */
const TRANSIENT = new Set([0, 408, 425, 429, 500, 502, 503, 504]);
/** Codes that end by themselves; `RequestTimeout` is S3's 400 for a body that came too slowly. */
const PASSING = new Set(['UPLOAD_COMPLETING', 'UPLOAD_STARTING', 'RequestTimeout']);

/** Codes that ask for a signed-in person, not for another attempt. */
export const NEEDS_LOGIN = new Set(['UNAUTHENTICATED', 'GRANT_EXPIRED', 'GRANT_EXHAUSTED', 'FORBIDDEN']);

export function isTransient(failure: Failure): boolean {
  return TRANSIENT.has(failure.status) || PASSING.has(failure.code ?? '');
}

/** Milliseconds before attempt `attempt` (from 1): full-jitter exponential back-off, or what the other side asked for. */
export function backOff(failure: Failure, attempt: number, random: () => number): number {
  if (failure.retryAfter !== undefined) return failure.retryAfter * 1000 + random() * BASE_MS;
  return random() * Math.min(LONGEST_MS, BASE_MS * 2 ** attempt);
}

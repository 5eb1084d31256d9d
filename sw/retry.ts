/** Why a request did not do what it should. */
export type Failure =
  /** No answer: offline, cut, refused, or hidden by CORS. */
  | { kind: 'network' }
  /** An answer from the server or the bucket; `retryAfter` in seconds. */
  | {
      kind: 'status';
      status: number;
      code?: string | undefined;
      message?: string | undefined;
      retryAfter?: number | undefined;
      missing?: number[];
    };

export class RequestError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.kind === 'status' ? (failure.message ?? `HTTP ${failure.status}`) : 'no connection');
    this.failure = failure;
  }
}

const BASE_MS = 500;
const LONGEST_MS = 30_000;

/** Statuses that another attempt may turn. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Codes that end by themselves; `RequestTimeout` is S3's 400 for a body that came too slowly. */
const PASSING = new Set(['UPLOAD_COMPLETING', 'UPLOAD_STARTING', 'UPLOAD_PAUSED', 'RequestTimeout']);

export function isTransient(failure: Failure): boolean {
  return failure.kind === 'network' || TRANSIENT.has(failure.status) || PASSING.has(failure.code ?? '');
}

/** Milliseconds before attempt `attempt` (from 1): full-jitter exponential back-off, or what the other side asked for. */
export function backOff(failure: Failure, attempt: number, random: () => number): number {
  if (failure.kind === 'status' && failure.retryAfter !== undefined)
    return failure.retryAfter * 1000 + random() * BASE_MS;
  return random() * Math.min(LONGEST_MS, BASE_MS * 2 ** attempt);
}

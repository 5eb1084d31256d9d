import { StoreFault } from '../bucket/bucket.ts';
import { ERRORS, type ErrorAnswer, type ErrorCode, UploadError } from '../contract/errors.ts';
import { isKeyRevoked, REVOKED_MESSAGE } from '../database/credentials.ts';
import type { Deps } from '../deps.ts';
import { currentRequest, tellRequest } from '../log/request.ts';

/** Codes of sockets, of the driver, and PostgreSQL's classes 08 (connection), 53 (resources) and 57P0 (shutdown). */
const DATABASE_DOWN = /^(E(CONN|PIPE|TIMEDOUT|HOST|NET|NOTFOUND|AI_AGAIN)|CONN|57P0|08|53)/;

/** A deadlock, and what could not be put in an order: undone, and likely to go well when it is asked for again. */
const COLLISION = /^40(P01|001)$/;

/** An address of several IPs fails with one error for each of them. */
function isDatabaseDown(error: unknown): boolean {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  return DATABASE_DOWN.test(String(code)) || (Array.isArray(errors) && errors.some(isDatabaseDown));
}

const CALL_CODES: Record<string, ErrorCode> = {
  init: 'MULTIPART_INIT_FAILED',
  sign: 'MULTIPART_SIGN_FAILED',
  resume: 'MULTIPART_RESUME_FAILED',
  complete: 'MULTIPART_COMPLETE_FAILED',
  abort: 'MULTIPART_ABORT_FAILED',
};

/** Whatever was thrown, as an error of the API. */
function explained(error: unknown, call: string): UploadError {
  if (error instanceof UploadError) return error;
  if (isKeyRevoked(error)) return new UploadError('KEY_REVOKED', REVOKED_MESSAGE, { cause: error });
  const code = CALL_CODES[call] ?? 'INTERNAL_ERROR';
  if (error instanceof StoreFault)
    return error.kind === 'unavailable'
      ? new UploadError('STORE_UNAVAILABLE', 'The bucket does not answer just now; try again.', {
          retryAfter: 5,
          cause: error,
        })
      : new UploadError(code, `The bucket refused the request (${error.code}); its configuration must be checked.`, {
          status: 502,
          cause: error,
        });
  if (isDatabaseDown(error))
    return new UploadError('DATABASE_UNAVAILABLE', 'The database does not answer just now; try again.', {
      retryAfter: 5,
      cause: error,
    });
  if (COLLISION.test(String((error as { code?: unknown } | null)?.code)))
    return new UploadError('DATABASE_UNAVAILABLE', 'Two changes were in each other’s way in the database; try again.', {
      retryAfter: 1,
      cause: error,
    });
  return new UploadError(code, 'Something went wrong on the server; it is in its log.', { cause: error });
}

/** The response for whatever a call threw; what is the server's fault is logged, without anything secret. */
export function failure(deps: Deps, error: unknown, call: string): Response {
  const fault = explained(error, call);
  const status = fault.status ?? ERRORS[fault.code];
  tellRequest({ error: fault.code });
  if (status >= 500) {
    const { name, code, message } = (fault.cause ?? fault) as { name?: string; code?: string; message?: string };
    deps.log('failed', { call, error: fault.code, cause: code ?? name, message: message ?? fault.message });
  }
  const requestId = status >= 500 ? currentRequest()?.id : undefined;
  const answer: ErrorAnswer = {
    success: false,
    error: fault.code,
    message: fault.message,
    ...(requestId !== undefined && { requestId }),
    ...fault.detail,
  };
  const headers = fault.retryAfter ? { 'retry-after': String(fault.retryAfter) } : undefined;
  return Response.json(answer, { status, ...(headers && { headers }) });
}

import { ERRORS, type ErrorCode } from '../contract/errors.ts';
import type { ANSWERS } from '../routes/answers.ts';

export type CallName = keyof typeof ANSWERS;

const TOKEN: CallName[] = ['sign', 'resume', 'pause', 'complete', 'abort', 'progress'];
const POSTED: CallName[] = ['grant', 'init', 'claim', 'sign', 'resume', 'pause', 'complete', 'abort', 'batch'];
/** An init with a key that was used before answers for the upload that it finds. */
const OPEN: CallName[] = ['init', 'sign', 'resume', 'pause', 'complete', 'abort'];
/** Of addresses and methods that no call has. */
const NONE: CallName[] = [];

/** What whoever gets an error is to do, as README has it, and which calls answer with it: all, where none is named. */
export const REMEDIES: Record<ErrorCode, [remedy: string, calls?: CallName[]]> = {
  MISSING_REQUIRED_FIELDS: [
    'mend the request; the message names the field',
    ['init', 'claim', 'sign', 'complete', 'batch'],
  ],
  INVALID_REQUEST: ['mend the request; the message names the field', [...POSTED, 'list']],
  MISSING_RESUME_TOKEN: ['mend the request; the message names the field', TOKEN],
  MISSING_PARTS: ['mend the request; the message names the field', ['init', 'sign', 'complete']],
  INVALID_PART_SIZE: ["stay within the store's limits; the message tells them", ['init']],
  FILE_TOO_LARGE: ["stay within the store's limits; the message tells them", ['init']],
  INVALID_PROVIDER: ['name `S3` or `R2`, whichever is configured or your credentials are for', ['init']],
  MISSING_R2_CREDENTIALS: ['send all four, or none of them; the message names those that are missing', ['init']],
  MISSING_S3_CREDENTIALS: ['send all four, or none of them; the message names those that are missing', ['init']],
  INCOMPLETE_PARTS: ['send the parts in `missing`, then complete again', ['complete']],
  CONTENT_TYPE_NOT_ALLOWED: ['the server takes no files of this type; the message lists those it takes', ['init']],
  UPLOAD_ALREADY_COMPLETED: [
    'call `complete`: it tells the address again',
    ['init', 'sign', 'resume', 'pause', 'abort'],
  ],
  UPLOAD_ABORTED: ['begin anew', ['init', 'sign', 'resume', 'pause', 'complete']],
  UNAUTHENTICATED: ['send a valid key, or ask for a new grant'],
  GRANT_EXPIRED: ['send a valid key, or ask for a new grant'],
  FORBIDDEN: ['the credential does not reach that far', ['grant', 'init', 'claim', 'list']],
  GRANT_EXHAUSTED: ['the credential does not reach that far', ['init']],
  UPLOAD_REFUSED: ["the app's `beforeInit` says no; the message is its own", ['init']],
  KEY_REVOKED: ['the API key that it was begun with has been revoked: begin anew with a valid one', ['grant', ...OPEN]],
  UPLOAD_NOT_FOUND: ["unknown, or somebody else's", ['claim', ...TOKEN]],
  NOT_FOUND: ["unknown, or somebody else's", NONE],
  METHOD_NOT_ALLOWED: ['the message names the method', NONE],
  UPLOAD_PAUSED: ['call `resume`', ['sign']],
  UPLOAD_STARTING: ['ask again after `Retry-After`', ['init', 'sign', 'resume', 'pause', 'complete']],
  UPLOAD_COMPLETING: ['ask again after `Retry-After`', [...OPEN, 'claim']],
  DIGEST_MISMATCH: ['the upload is lost: begin anew', OPEN],
  PART_ALREADY_STORED: ['that part is there, or bound, with other bytes: begin anew', ['sign']],
  IDEMPOTENCY_CONFLICT: ['use a new key for each file', ['init']],
  UPLOAD_EXPIRED: ['begin anew', OPEN],
  BODY_TOO_LARGE: ['at most 2 MiB of JSON', POSTED],
  UNSUPPORTED_MEDIA_TYPE: ['send `application/json`', POSTED],
  TOO_MANY_UPLOADS: ['finish or cancel some; the SDK waits and goes on by itself', ['init']],
  RATE_LIMITED: ['ask again after `Retry-After`'],
  MULTIPART_INIT_FAILED: ["the server's log has the cause", ['init']],
  MULTIPART_SIGN_FAILED: ["the server's log has the cause", ['sign']],
  MULTIPART_RESUME_FAILED: ["the server's log has the cause", ['resume']],
  MULTIPART_COMPLETE_FAILED: ["the server's log has the cause", ['complete']],
  MULTIPART_ABORT_FAILED: ["the server's log has the cause", ['abort']],
  INTERNAL_ERROR: ["the server's log has the cause", ['grant', 'claim', 'pause', 'progress', 'list', 'batch']],
  STORE_UNAVAILABLE: ['ask again after `Retry-After`', ['init', ...TOKEN]],
  IDENTITY_UNAVAILABLE: ['ask again after `Retry-After`'],
  DATABASE_UNAVAILABLE: ['ask again after `Retry-After`'],
};

export interface Refusal {
  code: ErrorCode;
  /** More than one where the status tells whose fault it was: 502 is the store's. */
  statuses: number[];
  remedy: string;
}

/** The errors that `call` answers with, or, without one, all there are; by status. */
export function refusalsOf(call?: CallName): Refusal[] {
  return (Object.keys(ERRORS) as ErrorCode[])
    .filter((code) => !call || (REMEDIES[code][1] ?? [call]).includes(call))
    .map((code) => ({
      code,
      statuses: ERRORS[code] === 500 ? [500, 502] : [ERRORS[code]],
      remedy: REMEDIES[code][0],
    }));
}

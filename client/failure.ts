import type { Trouble } from '../sw/bus.ts';
import { NEEDS_LOGIN, RequestError, troubleOf } from '../sw/retry.ts';

/** What the person can do about it, by code; elsewhere it is to begin anew. */
const PICK = 'Pick the file again.';
const REMEDIES: Record<string, string> = {
  FILE_NEEDED: PICK,
  FILE_MISMATCH: PICK,
  SIGNED_OUT: PICK,
  UPLOAD_REFUSED: 'Choose another file.',
  STORAGE_FULL: 'Free some space, then try again.',
  PAGE_OUTDATED: 'Reload this page.',
};
const FULL = 'There is no room left on this device to take this upload down.';
const LOGIN = 'Sign in again; then it goes on by itself.';
const PATIENCE = 'Nothing: it goes on by itself.';
const ANEW = 'Begin it anew.';

/** Why an upload rests or has ended. */
export class UploadFailure extends Error {
  /** Stable; the server's codes, or `NO_CONNECTION`, `BUCKET_UNREACHABLE`, `HTTP_…`, `FILE_NEEDED`, `FILE_MISMATCH`, `SIGNED_OUT`. */
  readonly code: string;
  /** Nobody need do anything. */
  readonly goesOn: boolean;
  /** What the person can do, as a sentence. */
  readonly remedy: string;

  constructor({ code, message }: Trouble, goesOn = false) {
    super(message);
    this.name = 'UploadFailure';
    this.code = code;
    this.goesOn = goesOn;
    this.remedy = goesOn ? PATIENCE : NEEDS_LOGIN.has(code) ? LOGIN : (REMEDIES[code] ?? ANEW);
  }
}

/** Whatever was thrown, as what happened to an upload. */
export function failureOf(error: unknown): UploadFailure {
  if (error instanceof UploadFailure) return error;
  if (error instanceof RequestError) return new UploadFailure(troubleOf(error));
  const { name, message, code } = error as Error & { code?: unknown };
  if (name === 'QuotaExceededError') return new UploadFailure({ code: 'STORAGE_FULL', message: FULL });
  return new UploadFailure({ code: typeof code === 'string' ? code : name, message });
}

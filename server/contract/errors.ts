/** Every error the API answers with: stable code → HTTP status. */
export const ERRORS = {
  MISSING_REQUIRED_FIELDS: 400,
  INVALID_REQUEST: 400,
  INVALID_PART_SIZE: 400,
  INVALID_PROVIDER: 400,
  MISSING_R2_CREDENTIALS: 400,
  MISSING_S3_CREDENTIALS: 400,
  MISSING_RESUME_TOKEN: 400,
  MISSING_PARTS: 400,
  INCOMPLETE_PARTS: 400,
  FILE_TOO_LARGE: 400,
  CONTENT_TYPE_NOT_ALLOWED: 400,
  UPLOAD_ALREADY_COMPLETED: 400,
  UPLOAD_ABORTED: 400,
  UNAUTHENTICATED: 401,
  GRANT_EXPIRED: 401,
  FORBIDDEN: 403,
  GRANT_EXHAUSTED: 403,
  KEY_REVOKED: 403,
  UPLOAD_REFUSED: 403,
  UPLOAD_NOT_FOUND: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  UPLOAD_PAUSED: 409,
  UPLOAD_COMPLETING: 409,
  UPLOAD_STARTING: 409,
  IDEMPOTENCY_CONFLICT: 409,
  DIGEST_MISMATCH: 409,
  PART_ALREADY_STORED: 409,
  UPLOAD_EXPIRED: 410,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  TOO_MANY_UPLOADS: 429,
  MULTIPART_INIT_FAILED: 500,
  MULTIPART_SIGN_FAILED: 500,
  MULTIPART_RESUME_FAILED: 500,
  MULTIPART_COMPLETE_FAILED: 500,
  MULTIPART_ABORT_FAILED: 500,
  INTERNAL_ERROR: 500,
  STORE_UNAVAILABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  IDENTITY_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorAnswer {
  success: false;
  error: ErrorCode;
  message: string;
  /** Beside a fault of the server: what its log calls the request, to be quoted to whoever runs it. */
  requestId?: string;
}

/**
 * Thrown where the rule is broken, turned into a response in one place.
 * `retryAfter` is in seconds; `detail` is added to the answer (`INCOMPLETE_PARTS`: `{ missing: number[] }`).
 */
export class UploadError extends Error {
  readonly code: ErrorCode;
  /** Where it is not the code's own: the bundles in the browser do without the table above. */
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly detail: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { retryAfter?: number; detail?: Record<string, unknown>; cause?: unknown; status?: number } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status;
    this.retryAfter = more.retryAfter;
    this.detail = more.detail;
  }
}

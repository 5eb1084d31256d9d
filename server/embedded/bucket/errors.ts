import { document } from './xml/markup.ts';

/** S3's error codes and the status each is answered with. */
const STATUS = {
  AccessDenied: 403,
  AccessForbidden: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Whatever a request is refused for: thrown where it is found out, answered in one place. */
export class BucketError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'BucketError';
    this.code = code;
    this.status = STATUS[code];
    this.headers = headers;
  }
}

const FULL_DISK = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The refusal that stands for anything thrown: a full disk has its own. */
export function refusalOf(thrown: unknown): BucketError {
  if (thrown instanceof BucketError) return thrown;
  if (FULL_DISK.has((thrown as { code?: string })?.code ?? ''))
    return new BucketError('InsufficientStorage', 'The disk of this bucket is full; nothing that was stored is lost.');
  return new BucketError('InternalError', 'The bucket failed on its own account; try again.');
}

/** The XML answer to a refused request; a HEAD gets none. */
export function errorResponse(refusal: BucketError, resource: string, requestId: string): Response {
  const body = document('Error', [
    ['Code', refusal.code],
    ['Message', refusal.message],
    ['Resource', resource],
    ['RequestId', requestId],
  ]);
  return new Response(body, {
    status: refusal.status,
    headers: { 'content-type': 'application/xml', ...refusal.headers },
  });
}

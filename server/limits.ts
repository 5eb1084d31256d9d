import { UploadError } from './contract/errors.ts';

/** What one upload and one user may have; undefined and empty are no limit. */
export interface Limits {
  /** Bytes. */
  fileSize?: number | undefined;
  /** In lower case; `image/*` allows every type that begins so. */
  contentTypes: string[];
  /** Of one user at a time. */
  openUploads?: number | undefined;
  /** Bytes of all open uploads of one user together. */
  reservedBytes?: number | undefined;
}

export interface Usage {
  openUploads: number;
  reservedBytes: number;
}

/** Throws `FILE_TOO_LARGE` or `CONTENT_TYPE_NOT_ALLOWED`. */
export function assertAllowed(limits: Limits, file: { fileSize: number; contentType: string }): void {
  const largest = Math.min(limits.fileSize ?? Infinity, limits.reservedBytes ?? Infinity);
  if (file.fileSize > largest)
    throw new UploadError(
      'FILE_TOO_LARGE',
      `The file has ${file.fileSize} bytes; at most ${largest} are allowed here.`,
    );
  if (limits.contentTypes.length && !allowsType(limits.contentTypes, file.contentType))
    throw new UploadError(
      'CONTENT_TYPE_NOT_ALLOWED',
      `Files of type ${file.contentType} are not allowed here, only ${limits.contentTypes.join(', ')}.`,
    );
}

/** Whether one of `allowed`, such as `video/mp4` or `image/*`, is that type; parameters such as `charset` do not count. */
export function allowsType(allowed: string[], contentType: string): boolean {
  const bare = (type: string) => type.split(';')[0]!.trim().toLowerCase();
  const type = bare(contentType);
  return allowed.map(bare).some((one) => (one.endsWith('/*') ? type.startsWith(one.slice(0, -1)) : type === one));
}

/** `usage` counts the upload that is just being begun. Throws `TOO_MANY_UPLOADS`. */
export function assertWithin(limits: Limits, usage: Usage): void {
  const { openUploads = Infinity, reservedBytes = Infinity } = limits;
  if (usage.openUploads > openUploads)
    throw new UploadError(
      'TOO_MANY_UPLOADS',
      `You have ${openUploads} unfinished uploads, and no more are allowed: finish or cancel some.`,
      { retryAfter: RETRY_SECONDS },
    );
  if (usage.reservedBytes > reservedBytes)
    throw new UploadError(
      'TOO_MANY_UPLOADS',
      `Your unfinished uploads would have more than ${reservedBytes} bytes together: finish or cancel some.`,
      { retryAfter: RETRY_SECONDS },
    );
}

const RETRY_SECONDS = 15;

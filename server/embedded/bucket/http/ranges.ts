import { BucketError } from '../errors.ts';

/** Bytes `start` to `end`, both inclusive. */
export interface Range {
  start: number;
  end: number;
}

/** A stretch of one file. */
export interface Span {
  file: string;
  offset: number;
  length: number;
}

/**
 * The range that a `Range` header asks for; undefined for the whole: RFC 9110 ignores a header that is malformed, S3
 * one with several ranges. Throws InvalidRange where no byte of it exists.
 */
export function rangeOf(header: string | null | undefined, size: number): Range | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '');
  if (!parts || (!parts[1] && !parts[2])) return undefined;
  const [first, last] = [Number(parts[1]), Number(parts[2])];
  if (parts[1] && parts[2] && first > last) return undefined;
  const range = parts[1]
    ? { start: first, end: parts[2] ? Math.min(last, size - 1) : size - 1 }
    : { start: Math.max(0, size - last), end: size - 1 };
  if (range.start < size && range.start <= range.end) return range;
  throw new BucketError('InvalidRange', 'The requested range is not satisfiable', {
    'content-range': `bytes */${size}`,
  });
}

/** The stretches of the pieces that make up a range, in order. */
export function spansOf(pieces: { file: string; size: number }[], range: Range): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const { file, size } of pieces) {
    const offset = Math.max(0, range.start - at);
    const length = Math.min(size, range.end + 1 - at) - offset;
    if (length > 0) spans.push({ file, offset, length });
    at += size;
    if (at > range.end) break;
  }
  return spans;
}

import { BucketError } from '../errors.ts';

export interface Tagged {
  /** Without quotes. */
  etag: string;
  /** Milliseconds since 1970. */
  modified: number;
}

type Field = (name: string) => string | undefined;

function failed(): BucketError {
  return new BucketError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.');
}

function names(header: string, etag: string): boolean {
  return header.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '').replaceAll('"', '');
    return bare === '*' || bare === etag;
  });
}

const seconds = (time: number): number => Math.floor(time / 1000);
const dateOf = (header: string | undefined): number => seconds(Date.parse(header ?? ''));

/** Whether a GET or HEAD is answered with 304; throws PreconditionFailed. In the order of RFC 9110, 13.2.2. */
export function notModified(field: Field, object: Tagged): boolean {
  const [match, noneMatch] = [field('if-match'), field('if-none-match')];
  if (match !== undefined && !names(match, object.etag)) throw failed();
  // A date that cannot be read is NaN, and no comparison with it holds.
  if (match === undefined && seconds(object.modified) > dateOf(field('if-unmodified-since'))) throw failed();
  if (noneMatch !== undefined) return names(noneMatch, object.etag);
  return seconds(object.modified) <= dateOf(field('if-modified-since'));
}

/** A check of what is in the place of a write. It throws PreconditionFailed or NoSuchKey. */
export function writeCondition(field: Field): (current?: Tagged) => void {
  const [match, noneMatch] = [field('if-match'), field('if-none-match')];
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new BucketError('NotImplemented', 'If-None-Match of a write can only be *.');
  return (current) => {
    if (noneMatch !== undefined && current) throw failed();
    if (match === undefined) return;
    if (!current) throw new BucketError('NoSuchKey', 'The specified key does not exist.');
    if (!names(match, current.etag)) throw failed();
  };
}

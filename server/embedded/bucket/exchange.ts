import type { Bucket } from './disk/bucket.ts';
import type { Store } from './disk/store.ts';
import type { Verified } from './signature/verification.ts';
import type { Target } from './target.ts';

/** One signed request, as the operations see it. */
export interface Exchange {
  request: Request;
  target: Target;
  verified: Verified;
  store: Store;
  /** The bucket that the request names. Throws NoSuchBucket. */
  bucket(): Bucket;
  /** A header, or, in a presigned URL, the `x-amz-` parameter that was moved from the headers into the query. */
  field(name: string): string | undefined;
  /** Lower-case names of all fields. */
  fields(): string[];
  now(): Date;
  /** Bytes. */
  smallestPart: number;
}

export type Operation = (exchange: Exchange) => Promise<Response>;

const HOISTED = /^x-amz-(?!algorithm$|credential$|date$|expires$|signedheaders$|signature$|content-sha256$)/i;

/** Completes what is given by the ways to read a request. */
export function exchangeOf(given: Omit<Exchange, 'bucket' | 'field' | 'fields'>): Exchange {
  const { request, target, verified, store } = given;
  const hoisted = new Map<string, string>();
  if (verified.inQuery)
    for (const [name, value] of target.parameters) if (HOISTED.test(name)) hoisted.set(name.toLowerCase(), value);
  return {
    ...given,
    bucket: () => store.bucket(target.bucket),
    field: (name) => request.headers.get(name) ?? hoisted.get(name),
    fields: () => [...new Set([...request.headers.keys(), ...hoisted.keys()])],
  };
}

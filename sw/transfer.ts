import type { PartUrl } from '../server/contract/wire.ts';
import { RequestError } from './retry.ts';
import { durationLimit } from './stall.ts';

export interface Flying {
  signal: AbortSignal;
  /** Bytes a second that it may expect; undefined where nothing is known. */
  share: number | undefined;
  /** Called with the bytes that have left so far, where the browser tells of them. */
  onProgress: (bytes: number) => void;
}

/** Sends one slice to its presigned URL; resolves also where it was cut off, stalled or aborted. */
export type Transfer = (part: PartUrl, slice: Blob, flying: Flying) => Promise<Outcome>;

/** The answer's status, 0 where there was none; its headers as `fetch` or XMLHttpRequest let them be seen; its body. */
export interface Outcome {
  status: number;
  header?: (name: string) => string | null | undefined;
  body?: string;
}

/** PUTs one slice. Rejects with a `RequestError`, or with the signal's reason. */
export async function putPart(transfer: Transfer, part: PartUrl, slice: Blob, flying: Flying): Promise<void> {
  flying.signal.throwIfAborted();
  // A blob's type would be sent as a Content-Type that nobody signed.
  const untyped = slice.type ? slice.slice(0, slice.size, '') : slice;
  const { status, header, body = '' } = await transfer(part, untyped, flying);
  flying.signal.throwIfAborted();
  // No bucket answers a PUT with a page: that is whoever stands in between and wants a login first. An empty one may be called so.
  const portal = body !== '' && header?.('content-type')?.includes('html');
  if (status >= 200 && status <= 299 && !portal) return;
  throw new RequestError({
    status: portal ? 0 : status,
    // With a network, a bucket that never answers is most often one whose CORS rules do not allow this page.
    code: status || !navigator.onLine ? /<Code>(\w+)<\/Code>/.exec(body)?.[1] : 'BUCKET_UNREACHABLE',
    retryAfter: Number(header?.('retry-after')) || undefined,
  });
}

/** For a worker, which has no XMLHttpRequest and so no progress. */
export const transferByFetch: Transfer = async ({ url, headers }, body, { signal, share }) => {
  const limit = AbortSignal.timeout(durationLimit(body.size, share));
  const request = { method: 'PUT', headers, body, signal: AbortSignal.any([signal, limit]) };
  const response = await fetch(url, request).catch(() => undefined);
  if (!response) return { status: 0 };
  const text = await response.text().catch(() => '');
  return { status: response.status, header: (name) => response.headers.get(name), body: text };
};

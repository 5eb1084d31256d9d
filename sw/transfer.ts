import type { PartUrl } from '../server/contract/wire.ts';
import { RequestError } from './retry.ts';

/** Sends one slice to its presigned URL and tells of the bytes that have left; rejects with the signal's reason. */
export type Transfer = (
  part: PartUrl,
  slice: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
) => Promise<Outcome>;

/** The answer's status, 0 where there was none, and S3's error code. */
export interface Outcome {
  status: number;
  code?: string | undefined;
}

/** PUTs one slice. Rejects with a `RequestError`, or with the signal's reason. */
export async function putPart(
  transfer: Transfer,
  ...[part, slice, signal, onProgress]: Parameters<Transfer>
): Promise<void> {
  signal.throwIfAborted();
  // A blob's type would be sent as a Content-Type that nobody signed.
  const untyped = slice.type ? slice.slice(0, slice.size, '') : slice;
  const { status, code } = await transfer(part, untyped, signal, onProgress);
  signal.throwIfAborted();
  if (status >= 200 && status <= 299) return;
  // With a network, a bucket that never answers is most often one whose CORS rules do not allow this page.
  throw new RequestError({ status, code: status || !navigator.onLine ? code : 'BUCKET_UNREACHABLE' });
}

export const codeIn = (xml: string): string | undefined => /<Code>(\w+)<\/Code>/.exec(xml)?.[1];

/** For a worker, which has no XMLHttpRequest and so no progress. */
export const transferByFetch: Transfer = async ({ url, headers }, body, signal) => {
  const response = await fetch(url, { method: 'PUT', headers, body, signal }).catch(() => undefined);
  if (!response) return { status: 0 };
  return { status: response.status, code: response.ok ? undefined : codeIn(await response.text().catch(() => '')) };
};

import type { PartUrl } from '../server/contract/wire.ts';
import { RequestError } from './retry.ts';

/** A page aborts a PUT that has moved no byte for this long. */
const STALL_MS = 60_000;

/**
 * PUTs one slice to its presigned URL: with byte progress where there is XMLHttpRequest, by fetch in a worker.
 * Rejects with a `RequestError`, or with the signal's reason.
 */
export async function putPart(
  part: PartUrl,
  slice: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  signal.throwIfAborted();
  const { status, code } = await (typeof XMLHttpRequest === 'undefined' ? byFetch : byXhr)(
    part,
    untyped(slice),
    signal,
    onProgress,
  );
  signal.throwIfAborted();
  if (status === 0) throw new RequestError({ kind: 'network' });
  if (status < 200 || status > 299) throw new RequestError({ kind: 'status', status, code });
}

type Outcome = { status: number; code?: string | undefined };

/** A blob's type would be sent as a Content-Type that nobody signed. */
const untyped = (slice: Blob) => (slice.type ? slice.slice(0, slice.size, '') : slice);

const codeIn = (xml: string) => /<Code>(\w+)<\/Code>/.exec(xml)?.[1];

async function byFetch({ url, headers }: PartUrl, body: Blob, signal: AbortSignal): Promise<Outcome> {
  const response = await fetch(url, { method: 'PUT', headers, body, signal }).catch(() => undefined);
  if (!response) return { status: 0 };
  return { status: response.status, code: response.ok ? undefined : codeIn(await response.text().catch(() => '')) };
}

function byXhr(
  { url, headers }: PartUrl,
  body: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    let stall = setTimeout(() => xhr.abort(), STALL_MS);
    const stop = () => xhr.abort();
    xhr.upload.onprogress = (event) => {
      clearTimeout(stall);
      stall = setTimeout(stop, STALL_MS);
      onProgress(event.loaded);
    };
    xhr.onloadend = () => {
      clearTimeout(stall);
      signal.removeEventListener('abort', stop);
      resolve({ status: xhr.status, code: xhr.status >= 400 ? codeIn(xhr.responseText) : undefined });
    };
    signal.addEventListener('abort', stop);
    xhr.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
  });
}

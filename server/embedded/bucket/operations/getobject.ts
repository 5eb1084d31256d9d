import { checksumField } from '../body/digests.ts';
import type { Lease } from '../disk/objects.ts';
import { BucketError } from '../errors.ts';
import type { Exchange, Operation } from '../exchange.ts';
import { notModified } from '../http/conditions.ts';
import { download } from '../http/download.ts';
import { servedHeaders } from '../http/headers.ts';
import { rangeOf, spansOf } from '../http/ranges.ts';

/** Up to this many bytes are sent as one block: Bun gives a Content-Length to blocks, but to no stream. */
const WHOLE = 2 ** 20;

/** What people upload must not run as this origin's own page. */
const HARMLESS = { 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'" };

async function answer({ request, target, field, bucket }: Exchange, { manifest, release }: Lease): Promise<Response> {
  const { size, etag, modified, checksum } = manifest;
  const headers: Record<string, string> = {
    ...servedHeaders(manifest.headers, target.get),
    ...HARMLESS,
    etag: `"${etag}"`,
    'last-modified': new Date(modified).toUTCString(),
    'accept-ranges': 'bytes',
  };
  if (notModified(field, manifest)) {
    for (const name of ['content-type', 'content-encoding']) delete headers[name];
    return new Response(null, { status: 304, headers });
  }
  const ifRange = field('if-range');
  const wanted = ifRange === undefined || ifRange === headers.etag || ifRange === headers['last-modified'];
  const range = wanted ? rangeOf(field('range'), size) : undefined;
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`;
  else if (checksum && field('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    headers[checksumField(checksum.algorithm)] = checksum.value;
    headers['x-amz-checksum-type'] = checksum.type;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const length = end + 1 - start;
  headers['content-length'] = String(length);
  const status = range ? 206 : 200;
  if (request.method === 'HEAD') return new Response(null, { status, headers });
  const stream = download(bucket().folder, spansOf(manifest.pieces, { start, end }), release);
  if (length > WHOLE) return new Response(stream, { status, headers });
  const bytes = await new Response(stream).arrayBuffer();
  return new Response(bytes, { status, headers });
}

/** GET and HEAD. */
export const getObject: Operation = async (exchange) => {
  const { target, request, bucket } = exchange;
  if (target.get('partNumber') !== undefined)
    throw new BucketError('NotImplemented', 'Reading an object by part number is not implemented; use a range.');
  const lease = await bucket().objects.lease(target.key);
  let streaming = false;
  try {
    const response = await answer(exchange, lease);
    streaming = request.method !== 'HEAD' && response.body !== null;
    return response;
  } finally {
    if (!streaming) await lease.release();
  }
};

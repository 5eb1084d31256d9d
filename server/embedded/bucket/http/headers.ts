import { BucketError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';

/** The headers that an object keeps and gives back. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const METADATA = 'x-amz-meta-';
/** Bytes of all metadata together, by S3. */
const MOST_METADATA = 2048;
const DEFAULT_TYPE = 'binary/octet-stream';

/** Throws InvalidArgument where a value cannot stand in a header. */
function checked(headers: Record<string, string>): Record<string, string> {
  try {
    new Headers(headers);
    return headers;
  } catch {
    throw new BucketError('InvalidArgument', 'A header value cannot be represented in ISO-8859-1.');
  }
}

/** What is kept of the headers of a PutObject or CreateMultipartUpload. Throws MetadataTooLarge, InvalidArgument. */
export function keptHeaders({ field, fields }: Pick<Exchange, 'field' | 'fields'>): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': DEFAULT_TYPE };
  let metadata = 0;
  for (const name of fields()) {
    const value = field(name) ?? '';
    if (name.startsWith(METADATA)) metadata += Buffer.byteLength(name) - METADATA.length + Buffer.byteLength(value);
    else if (!KEPT.includes(name) || !value) continue;
    kept[name] = value;
  }
  if (metadata > MOST_METADATA)
    throw new BucketError(
      'MetadataTooLarge',
      `Your metadata headers exceed the maximum allowed size of ${MOST_METADATA} bytes.`,
    );
  // `aws-chunked` says how the body travelled, not what it is.
  const encoding = kept['content-encoding']?.split(',').filter((coding) => coding.trim() !== 'aws-chunked');
  if (encoding?.length) kept['content-encoding'] = encoding.join(',').trim();
  else delete kept['content-encoding'];
  return checked(kept);
}

/** The object's headers with those that the signed query asks for instead (`response-content-type` and the like). */
export function servedHeaders(
  kept: Record<string, string>,
  get: (name: string) => string | undefined,
): Record<string, string> {
  const served = { ...kept };
  for (const name of KEPT) {
    const override = get(`response-${name}`);
    if (override !== undefined) served[name] = override;
  }
  return checked(served);
}

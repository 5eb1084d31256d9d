import { BucketError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { frameCheck } from '../signature/frames.ts';
import { unchunked } from './chunked.ts';
import { type Checksum, checksumField, type Digest, digestOf } from './digests.ts';
import { type Expectation, expectationOf } from './expectation.ts';

/** Takes bytes; a promise asks the sender to wait. The bytes may be reused once it is settled. */
export type Sink = (bytes: Uint8Array) => Promise<void> | undefined;

/** What a body proved to be. */
export interface Receipt {
  size: number;
  /** Hex. */
  md5: string;
  checksum?: Checksum;
}

/** The pieces of a body as they come. Throws IncompleteBody where the connection is cut. */
async function* arriving(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body;
  } catch {
    throw new BucketError('IncompleteBody', 'The connection was closed before the whole body had arrived.');
  }
}

function badDigest(what: string): BucketError {
  return new BucketError('BadDigest', `The ${what} you specified did not match what we received.`);
}

/**
 * Passes the body of a request to the sink, piece by piece, and compares it with what was declared. Throws
 * IncompleteBody, BadDigest, XAmzContentSHA256Mismatch and SignatureDoesNotMatch: the sink's bytes are then void.
 */
export async function receive(
  exchange: Exchange,
  sink: Sink,
  expected: Expectation = expectationOf(exchange),
): Promise<Receipt> {
  const raw = arriving(exchange.request.body);
  const trailers = new Map<string, string>();
  const check = expected.frames === 'signed' ? frameCheck(exchange.verified) : undefined;
  const data = expected.frames === 'none' ? raw : unchunked(raw, trailers, check);
  const md5 = digestOf('MD5');
  const sha256 = expected.sha256 === undefined ? undefined : digestOf('SHA256');
  const algorithm = expected.trailer ?? expected.checksum?.algorithm;
  const sum = algorithm && digestOf(algorithm);
  const digests = [md5, sha256, sum].filter((digest): digest is Digest => digest !== undefined);

  let size = 0;
  for await (const bytes of data) {
    size += bytes.length;
    if (size > expected.length) break;
    for (const digest of digests) digest.update(bytes);
    const wait = sink(bytes);
    if (wait) await wait;
  }
  if (size !== expected.length)
    throw new BucketError('IncompleteBody', 'The body does not have the number of bytes that its header specified.');
  if (sha256 && sha256.digest().toString('hex') !== expected.sha256)
    throw new BucketError(
      'XAmzContentSHA256Mismatch',
      'The provided x-amz-content-sha256 does not match what was computed.',
    );
  const got = md5.digest();
  if (expected.md5 && !got.equals(expected.md5)) throw badDigest('Content-MD5');
  if (!sum || !algorithm) return { size, md5: got.toString('hex') };
  const value = sum.digest().toString('base64');
  const wanted = expected.trailer ? trailers.get(checksumField(expected.trailer)) : expected.checksum?.value;
  if (value !== wanted) throw badDigest(algorithm);
  return { size, md5: got.toString('hex'), checksum: { algorithm, value } };
}

/** The body as text, for the small documents of the protocol. Throws also EntityTooLarge above `largest` bytes. */
export async function receiveText(exchange: Exchange, largest: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  await receive(exchange, (bytes) => void pieces.push(bytes.slice()), expectationOf(exchange, largest));
  return Buffer.concat(pieces).toString('utf8');
}

import { BucketError } from '../errors.ts';
import type { FrameCheck } from '../signature/frames.ts';

const LONGEST_LINE = 4096;
const SIGNATURE_LINE = 'x-amz-trailer-signature';

function broken(): BucketError {
  return new BucketError('IncompleteBody', 'The aws-chunked body is cut short or malformed.');
}

/** Reads lines and counted bytes from a stream of pieces of any size. */
function cursor(source: AsyncIterable<Uint8Array>) {
  const pieces = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);

  async function more(): Promise<boolean> {
    const next = await pieces.next();
    if (!next.done) rest = rest.length ? Buffer.concat([rest, next.value]) : next.value;
    return !next.done;
  }

  return {
    /** The text up to CR LF, without it. */
    async line(): Promise<string> {
      for (;;) {
        const end = Buffer.from(rest.buffer, rest.byteOffset, rest.length).indexOf('\r\n');
        if (end > LONGEST_LINE || (end < 0 && rest.length > LONGEST_LINE)) throw broken();
        if (end >= 0) {
          const text = Buffer.from(rest.subarray(0, end)).toString('latin1');
          rest = rest.subarray(end + 2);
          return text;
        }
        if (!(await more())) throw broken();
      }
    },
    /** At least one byte, at most `most`. */
    async take(most: number): Promise<Uint8Array> {
      while (!rest.length) if (!(await more())) throw broken();
      const bytes = rest.subarray(0, most);
      rest = rest.subarray(bytes.length);
      return bytes;
    },
    async atEnd(): Promise<boolean> {
      while (!rest.length) if (!(await more())) return true;
      return false;
    },
  };
}

/**
 * The data inside an `aws-chunked` body: frames of `SIZE[;chunk-signature=…] CR LF data CR LF`, an empty one last, then
 * trailers, which are put into `trailers` under their lower-case names. Throws IncompleteBody and what `check` throws.
 */
export async function* unchunked(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
  check?: FrameCheck,
): AsyncGenerator<Uint8Array> {
  const input = cursor(source);
  for (let size = -1; size !== 0; ) {
    const header = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await input.line());
    if (!header) throw broken();
    size = Number.parseInt(header[1]!, 16);
    for (let left = size; left > 0; ) {
      const bytes = await input.take(left);
      left -= bytes.length;
      check?.data(bytes);
      yield bytes;
    }
    if (size > 0 && (await input.line()) !== '') throw broken();
    check?.frame(header[2]);
  }
  while (!(await input.atEnd())) {
    const [name, value] = (await input.line()).trim().split(/:(.*)/s);
    if (name) trailers.set(name.toLowerCase(), value?.trim() ?? '');
  }
  const signature = trailers.get(SIGNATURE_LINE);
  trailers.delete(SIGNATURE_LINE);
  if (check && (trailers.size || signature)) check.trailer([...trailers], signature);
}

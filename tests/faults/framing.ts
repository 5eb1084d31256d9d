/**
 * Where HTTP/1.1 messages begin and end in a stream of bytes (RFC 9112, section 6), and nothing more. Every byte that
 * goes in comes out again, once, in order and untouched; a body is passed on piece by piece and never gathered.
 */

export interface Head {
  /** "PUT /key?partNumber=1 HTTP/1.1" or "HTTP/1.1 200 OK". */
  startLine: string;
  /** Names in lower case; the last of several wins. */
  headers: Map<string, string>;
}

export type Piece =
  | { kind: 'head'; bytes: Buffer; head: Head }
  | { kind: 'body'; bytes: Buffer }
  /** Chunk sizes, chunk ends and trailers: carried like a body, counted as none. */
  | { kind: 'frame'; bytes: Buffer }
  | { kind: 'end' };

/** How long the body after a head is: so many bytes, 'chunked', or as long as the connection. */
export type BodyLength = (head: Head) => number | 'chunked' | 'connection';

const LINES_LIMIT = 256 * 1024;
const CRLF = '\r\n';
const START_LINE = /^HTTP\/1\.\d \d{3}\b|^\S+ \S+ HTTP\/1\.\d$/;

function parseHead(bytes: Buffer): Head {
  const [startLine = '', ...lines] = bytes.toString('latin1').split(CRLF);
  if (!START_LINE.test(startLine)) throw new Error(`not HTTP/1: ${startLine.slice(0, 80)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { startLine, headers };
}

export function statusOf(head: Head): number {
  return Number(head.startLine.split(' ')[1]);
}

function framedLength({ headers }: Head): number | 'chunked' | undefined {
  if (/\bchunked$/i.test(headers.get('transfer-encoding') ?? '')) return 'chunked';
  const length = headers.get('content-length');
  if (length === undefined) return undefined;
  if (!/^\d+$/.test(length)) throw new Error(`not a length: ${length}`);
  return Number(length);
}

export const requestBody: BodyLength = (head) => framedLength(head) ?? 0;

/** `method` is that of the request which is being answered. */
export function responseBody(head: Head, method: string): ReturnType<BodyLength> {
  const status = statusOf(head);
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  return framedLength(head) ?? 'connection';
}

/** Feed it the stream in pieces of any size. Throws on what is no HTTP/1. */
export function createFraming(bodyLength: BodyLength) {
  let place: 'head' | 'body' | 'endless body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' = 'head';
  /** Of the body or the chunk at hand. */
  let remaining = 0;
  /** Not yet passed on: only ever a line that has not come whole. */
  let rest: Buffer = Buffer.alloc(0);

  function take(length: number): Buffer {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  }

  function takeThrough(end: string): Buffer | undefined {
    const at = rest.indexOf(end);
    if (at >= 0) return take(at + end.length);
    if (rest.length > LINES_LIMIT) throw new Error(`no end of a ${place} in ${LINES_LIMIT} bytes`);
    return undefined;
  }

  function end(): Piece[] {
    place = 'head';
    return [{ kind: 'end' }];
  }

  function head(): Piece[] | undefined {
    const bytes = takeThrough(CRLF + CRLF);
    if (!bytes) return undefined;
    const parsed = parseHead(bytes);
    const piece: Piece = { kind: 'head', bytes, head: parsed };
    const length = bodyLength(parsed);
    if (length === 0) return [piece, ...end()];
    place = length === 'chunked' ? 'chunk size' : length === 'connection' ? 'endless body' : 'body';
    if (typeof length === 'number') remaining = length;
    return [piece];
  }

  function body(): Piece[] {
    const bytes = take(place === 'endless body' ? rest.length : Math.min(remaining, rest.length));
    const pieces: Piece[] = [{ kind: 'body', bytes }];
    if (place === 'endless body') return pieces;
    remaining -= bytes.length;
    if (remaining > 0) return pieces;
    if (place === 'body') return [...pieces, ...end()];
    place = 'chunk end';
    return pieces;
  }

  function line(): Piece[] | undefined {
    const bytes = takeThrough(CRLF);
    if (!bytes) return undefined;
    const pieces: Piece[] = [{ kind: 'frame', bytes }];
    if (place === 'trailer') return bytes.length === CRLF.length ? [...pieces, ...end()] : pieces;
    if (place === 'chunk end') place = 'chunk size';
    else {
      remaining = Number.parseInt(bytes.toString('latin1'), 16);
      if (Number.isNaN(remaining)) throw new Error('not the size of a chunk');
      place = remaining > 0 ? 'chunk' : 'trailer';
    }
    return pieces;
  }

  return {
    *feed(chunk: Buffer): Generator<Piece> {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length > 0) {
        const pieces = place === 'head' ? head() : place.endsWith('body') || place === 'chunk' ? body() : line();
        if (!pieces) return;
        yield* pieces;
      }
    },
    /** The connection has ended: for a body without a length, its end. */
    finish: (): Piece[] => (place === 'endless body' ? end() : []),
  };
}

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type BodyLength, createFraming, type Piece, requestBody, responseBody } from './framing.ts';

interface Message {
  startLine: string;
  headers: string[];
  /** Bodies as the framing should find them, and as they go over the wire. */
  payload: Buffer;
  wire: Buffer;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

const plain = bytes.map((payload) => ({ payload, wire: payload, headers: [`Content-Length: ${payload.length}`] }));
const chunked = fc
  .tuple(
    fc.array(
      bytes.filter((chunk) => chunk.length > 0),
      { maxLength: 4 },
    ),
    fc.boolean(),
  )
  .map(([chunks, trailer]) => ({
    payload: Buffer.concat(chunks),
    wire: Buffer.concat([
      ...chunks.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)};note=1\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]),
      Buffer.from(trailer ? '0\r\nx-sum: 1\r\n\r\n' : '0\r\n\r\n'),
    ]),
    headers: ['transfer-encoding: gzip, chunked'],
  }));
const none = fc.constant({ payload: Buffer.alloc(0), wire: Buffer.alloc(0), headers: [] as string[] });

function messages(startLine: fc.Arbitrary<string>): fc.Arbitrary<Message[]> {
  const message = fc.tuple(startLine, fc.oneof(plain, chunked, none)).map(([line, body]) => ({
    ...body,
    startLine: line,
    headers: ['Host: bucket.test', 'x-odd:a:b', ...body.headers],
  }));
  return fc.array(message, { maxLength: 5 });
}

function onTheWire(all: Message[]): Buffer {
  return Buffer.concat(
    all.flatMap(({ startLine, headers, wire }) => [
      Buffer.from(`${[startLine, ...headers].join('\r\n')}\r\n\r\n`),
      wire,
    ]),
  );
}

function split(stream: Buffer, cuts: number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1))), stream.length].sort((a, b) => a - b);
  return places.map((place, index) => stream.subarray(places[index - 1] ?? 0, place));
}

function read(chunks: Buffer[], bodyLength: BodyLength): Piece[] {
  const framing = createFraming(bodyLength);
  return [...chunks.flatMap((chunk) => [...framing.feed(chunk)]), ...framing.finish()];
}

function joined(pieces: Piece[]): Buffer {
  return Buffer.concat(pieces.flatMap((piece) => (piece.kind === 'end' ? [] : [piece.bytes])));
}

/** The bodies found, one a message that has come to its end. */
function payloads(pieces: Piece[]): Buffer[] {
  const found: Buffer[] = [];
  let body: Buffer[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'body') body.push(piece.bytes);
    if (piece.kind !== 'end') continue;
    found.push(Buffer.concat(body));
    body = [];
  }
  return found;
}

const cuts = fc.array(fc.nat(), { maxLength: 40 });

describe('HTTP/1.1 framing', () => {
  for (const [name, startLine, bodyLength] of [
    ['requests', fc.constantFrom('PUT /k?partNumber=1&x=%20 HTTP/1.1', 'POST /api HTTP/1.1'), requestBody],
    [
      'answers',
      fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 503'),
      (head) => {
        const length = responseBody(head, 'PUT');
        return length === 'connection' ? 0 : length;
      },
    ],
  ] as [string, fc.Arbitrary<string>, BodyLength][]) {
    test(`${name} are found wherever the stream is cut, and no byte is lost or changed`, () => {
      fc.assert(
        fc.property(messages(startLine), cuts, (all, places) => {
          const stream = onTheWire(all);
          const pieces = read(split(stream, places), bodyLength);
          expect(joined(pieces).equals(stream)).toBe(true);
          expect(payloads(pieces)).toEqual(all.map(({ payload }) => payload));
          const heads = pieces.flatMap((piece) => (piece.kind === 'head' ? [piece.head] : []));
          expect(heads.map((head) => head.startLine)).toEqual(all.map((message) => message.startLine));
          for (const { headers } of heads) expect(headers.get('x-odd')).toBe('a:b');
        }),
      );
    });
  }

  test('an answer has no body to HEAD, at 304 or when it only announces another, whatever its headers say', () => {
    const lengthOf = (line: string, method: string) =>
      responseBody({ startLine: line, headers: new Map([['content-length', '9']]) }, method);
    expect(lengthOf('HTTP/1.1 200 OK', 'HEAD')).toBe(0);
    expect(lengthOf('HTTP/1.1 304 Not Modified', 'GET')).toBe(0);
    expect(lengthOf('HTTP/1.1 100 Continue', 'PUT')).toBe(0);
    expect(lengthOf('HTTP/1.1 200 OK', 'GET')).toBe(9);
  });

  test('an answer without a length ends with its connection', () => {
    fc.assert(
      fc.property(bytes, cuts, (body, places) => {
        const stream = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), body]);
        const pieces = read(split(stream, places), (head) => responseBody(head, 'GET'));
        expect(payloads(pieces)).toEqual([body]);
        expect(pieces.at(-1)).toEqual({ kind: 'end' });
      }),
    );
  });

  test('what is no HTTP/1 is refused', () => {
    for (const nonsense of [
      'PRI * HTTP/2.0\r\n\r\n',
      'hello\r\n\r\n',
      'PUT / HTTP/1.1\r\ncontent-length: -1\r\n\r\n',
    ]) {
      expect(() => read([Buffer.from(nonsense)], requestBody)).toThrow();
    }
    expect(() => read([Buffer.alloc(300_000, 'a')], requestBody)).toThrow('no end of a head');
  });
});

import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { unchunked } from '../../../server/embedded/bucket/body/chunked.ts';
import { frameCheck } from '../../../server/embedded/bucket/signature/frames.ts';
import { signerFor } from '../../../server/signature/signer.ts';

async function* cutAt(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decoded(body: Uint8Array, size: number, check?: ReturnType<typeof frameCheck>) {
  const trailers = new Map<string, string>();
  const pieces: Uint8Array[] = [];
  for await (const piece of unchunked(cutAt(body, size), trailers, check)) pieces.push(piece.slice());
  return { data: Buffer.concat(pieces), trailers };
}

test('a framed body gives its data back however the network cuts it', async () => {
  const end = Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n');
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(frames, fc.integer({ min: 1, max: 60 }), fc.nat(), async (data, size, cut) => {
      const framed = data.flatMap((bytes) => [
        Buffer.from(`${bytes.length.toString(16)}\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ]);
      const body = Buffer.concat([...framed, end]);
      const got = await decoded(body, size);
      expect(got.data).toEqual(Buffer.concat(data));
      expect(got.trailers.get('x-amz-checksum-crc32')).toBe('AAAAAA==');
      await expect(decoded(body.subarray(0, cut % (body.length - end.length + 1)), size)).rejects.toThrow('cut short');
    }),
  );
});

/** The example of AWS's documentation: 66,560 times `a` in frames of 64 KiB. */
const EXAMPLE = {
  signer: signerFor('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '20130524/us-east-1/s3/aws4_request'),
  date: '20130524T000000Z',
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  inQuery: false,
};
const SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
];

function example(fill: string): Buffer {
  const frames = [65536, 1024, 0].map(
    (size, at) => `${size.toString(16)};chunk-signature=${SIGNATURES[at]}\r\n${fill.repeat(size)}\r\n`,
  );
  return Buffer.from(frames.join(''));
}

test("AWS's own example of signed frames is accepted, and refused with one byte changed", async () => {
  const { data } = await decoded(example('a'), 10_000, frameCheck(EXAMPLE));
  expect(createHash('md5').update(data).digest('hex')).toBe(createHash('md5').update('a'.repeat(66_560)).digest('hex'));
  const forged = example('a');
  forged[5000] = 98;
  await expect(decoded(forged, 10_000, frameCheck(EXAMPLE))).rejects.toThrow('signature of a chunk');
});

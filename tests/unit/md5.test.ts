import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { digestOf } from '../../sw/digest.ts';
import { createMd5 } from '../../sw/md5.ts';
import { BLOCKS, compileSteps, javascriptSteps } from '../../sw/steps.ts';

/** RFC 1321, appendix A.5. */
const SUITE: [message: string, digest: string][] = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
];

const MiB = 2 ** 20;
const BYTES = Uint8Array.from({ length: MiB }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
/** What a hasher holds before it works it in. */
const BUFFER = javascriptSteps().memory.byteLength - BLOCKS;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const expected = (chunks: Uint8Array[]) => {
  const hash = createHash('md5');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

const near = (places: number[]) =>
  fc.tuple(fc.constantFrom(...places), fc.integer({ min: -9, max: 9 })).map(([place, off]) => Math.max(0, place + off));
const length = fc.oneof(
  fc.nat({ max: 300 }),
  near([64, 128, 192, 256, 1024]),
  near([BUFFER, BUFFER + BLOCKS, 2 * BUFFER, 3 * BUFFER]),
);
/** Cut out at any byte, aligned or not. */
const chunk = fc.tuple(length, fc.nat({ max: 1000 })).map(([length, from]) => BYTES.subarray(from, from + length));
const message = fc.array(chunk, { maxLength: 6 });

for (const [name, createSteps] of [
  ['WebAssembly', compileSteps()],
  ['JavaScript', javascriptSteps],
] as const)
  describe(`MD5 in ${name}`, () => {
    test('digests the messages of RFC 1321 as it says', () => {
      const md5 = createMd5(createSteps());
      for (const [message, digest] of SUITE) {
        md5.update(new TextEncoder().encode(message));
        expect(hex(md5.digest())).toBe(digest);
      }
    });

    test('digests every length around a block', () => {
      const md5 = createMd5(createSteps());
      for (let length = 0; length <= 300; length++) {
        md5.update(BYTES.subarray(0, length));
        expect(hex(md5.digest())).toBe(expected([BYTES.subarray(0, length)]));
      }
    });

    test('digests any bytes in any pieces, one message after another', () => {
      const md5 = createMd5(createSteps());
      fc.assert(
        fc.property(message, (chunks) => {
          for (const chunk of chunks) md5.update(chunk);
          expect(hex(md5.digest())).toBe(expected(chunks));
        }),
      );
    });

    test('keeps the messages of many hashers apart, however they take turns', () => {
      const hashers = Array.from({ length: 4 }, () => createMd5(createSteps()));
      const turn = fc.record({ hasher: fc.nat({ max: 3 }), chunk, ends: fc.boolean() });
      fc.assert(
        fc.property(fc.array(turn, { maxLength: 16 }), (turns) => {
          const messages: Uint8Array[][] = hashers.map(() => []);
          const end = (hasher: number) =>
            expect(hex(hashers[hasher]!.digest())).toBe(expected(messages[hasher]!.splice(0)));
          for (const { hasher, chunk, ends } of turns) {
            hashers[hasher]!.update(chunk);
            messages[hasher]!.push(chunk);
            if (ends) end(hasher);
          }
          for (const hasher of hashers.keys()) end(hasher);
        }),
      );
    });

    test('digests millions of bytes in one piece', () => {
      const md5 = createMd5(createSteps());
      md5.update(BYTES);
      expect(hex(md5.digest())).toBe(expected([BYTES]));
    });
  });

describe('the length of a message', () => {
  test('is right past 2^32 bits', () => {
    const md5 = createMd5();
    const zeros = new Uint8Array(MiB);
    for (let chunks = 0; chunks < 512; chunks++) md5.update(zeros);
    md5.update(zeros.subarray(0, 1));
    // head -c 536870913 /dev/zero | md5sum
    expect(hex(md5.digest())).toBe('ea3b62c6b93cb3625a1fd76777985f5a');
  }, 30_000);

  test('is right past 2^32 bytes', () => {
    const memory = new ArrayBuffer(BLOCKS + BUFFER);
    let last = 0;
    const md5 = createMd5({
      memory,
      run(length) {
        last = length;
      },
    });
    const chunk = new Uint8Array(64 * MiB);
    for (let chunks = 0; chunks < 64; chunks++) md5.update(chunk);
    md5.update(BYTES.subarray(0, 3));
    md5.digest();
    expect(new DataView(memory).getBigUint64(BLOCKS + last - 8, true)).toBe((2n ** 32n + 3n) * 8n);
  });
});

test('blobs whose bytes come slowly, or not at all, hold up no other', async () => {
  const crawls: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>[] = [];
  const crawling = Array.from({ length: 5 }, () =>
    Object.assign(new Blob(), {
      stream: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          start(controller) {
            controller.enqueue(BYTES.slice(0, 100));
            crawls.push(controller);
          },
        }),
    }),
  );
  const slow = crawling.map(digestOf);
  const [whole, part] = [BYTES, BYTES.subarray(0, 100)].map((b) => createHash('md5').update(b).digest('base64'));
  expect(await digestOf(new Blob([BYTES]))).toBe(whole!);
  expect(crawls).toHaveLength(5);
  for (const controller of crawls) controller.close();
  expect(await Promise.all(slow)).toEqual(Array(5).fill(part));
  // Their places were given away once only.
  const all = await Promise.all(Array.from({ length: 8 }, () => digestOf(new Blob([BYTES]))));
  expect(all).toEqual(Array(8).fill(whole));
}, 30_000);

test('a blob that breaks off while it is read rejects, and no later digest is spoilt by it', async () => {
  const breaksOff = Object.assign(new Blob(), {
    stream: () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(BYTES.slice(0, 100)),
        pull: (controller) => controller.error(new Error('the disk was pulled out')),
      }),
  });
  await expect(digestOf(breaksOff)).rejects.toThrow('pulled out');
  const whole = createHash('md5').update(BYTES).digest('base64');
  expect(await digestOf(new Blob([BYTES]))).toBe(whole);
});

import { BLOCKS, compileSteps, javascriptSteps, type Steps } from './steps.ts';

export type Md5 = ReturnType<typeof createMd5>;

let createSteps: (() => Steps) | undefined;

/** The fastest that the browser grants; what it refuses once is not asked for again. */
function fastestSteps(): Steps {
  try {
    createSteps ??= compileSteps();
    return createSteps();
  } catch {
    createSteps = javascriptSteps;
    return createSteps();
  }
}

/** MD5 (RFC 1321) of one message after another, of any length below 2^53 bytes. */
export function createMd5({ memory, run }: Steps = fastestSteps()) {
  const state = new Uint8Array(memory, 0, 16);
  const blocks = new Uint8Array(memory, BLOCKS);
  /** Bytes of the message so far, and how many of them wait in `blocks`. */
  let length = 0;
  let held = 0;

  function begin(): void {
    // The words 0x67452301, 0xefcdab89, 0x98badcfe and 0x10325476, little-endian.
    state.set([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10]);
    length = held = 0;
  }

  function update(bytes: Uint8Array): void {
    length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + blocks.length - held);
      blocks.set(piece, held);
      at += piece.length;
      held += piece.length;
      if (held < blocks.length) return;
      run(held);
      held = 0;
    }
  }

  /** The 16 bytes of the message that ends here; the next `update` begins another. */
  function digest(): Uint8Array {
    // One bit, zeros up to a whole number of blocks, and the length in 64 bits.
    const padding = new Uint8Array(72 - ((length + 8) % 64));
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, BigInt(length * 8), true);
    update(padding);
    if (held) run(held);
    const digest = state.slice();
    begin();
    return digest;
  }

  begin();
  return { update, digest };
}

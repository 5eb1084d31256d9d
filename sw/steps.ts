/**
 * MD5's 64 steps over each block of 64 bytes (RFC 1321, section 3.4). Their WebAssembly is written at run time, because
 * the loop that writes it is far smaller to download than what it writes. A page whose policy lacks 'wasm-unsafe-eval'
 * refuses to compile it; there JavaScript takes the same steps, more slowly.
 */

// Opcodes and types of WebAssembly's binary format. The bundler puts numbers in place of names only if they come first.
const LOOP = 0x03;
const END = 0x0b;
const BR_IF = 0x0d;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_LOAD = 0x28;
const I32_STORE = 0x36;
const I32_CONST = 0x41;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const I32_AND = 0x71;
const I32_OR = 0x72;
const I32_XOR = 0x73;
const I32_ROTL = 0x77;
const I32 = 0x7f;
const FUNCTION = 0x60;
const NO_RESULT = 0x40;

// The function's locals: its parameter, the bytes done, and from here on the four words of the state.
const LENGTH = 0;
const DONE = 1;
const WORDS = 2;

/** Where in the memory the blocks begin. */
export const BLOCKS = 64;
/** Bytes of it: one page. */
const MEMORY = 65_536;

export interface Steps {
  /** The state, 16 bytes in the order of the digest; from `BLOCKS` on the blocks. */
  memory: ArrayBuffer;
  /** Works the first `length` bytes of blocks, a multiple of 64 and not 0, into the state. */
  run(length: number): void;
}

const STEPS = [...Array(64).keys()];
// These arrays drop the fraction, which for no sine is so near 0 or 1 that an engine's inexactness could matter.
const sines = Int32Array.from(STEPS, (step) => 2 ** 32 * Math.abs(Math.sin(step + 1)));
const rotations = Int32Array.from(
  STEPS,
  (step) => [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21][(step >> 4) * 4 + (step & 3)]!,
);
/** Where in its block the word begins that a step adds. */
const offsets = Int32Array.from(STEPS, (step) => ([step, 5 * step + 1, 3 * step + 5, 7 * step][step >> 4]! & 15) * 4);

export function javascriptSteps(): Steps {
  const memory = new ArrayBuffer(MEMORY);
  // Little-endian on every machine, as WebAssembly's memory is.
  const view = new DataView(memory);
  const word = (at: number) => view.getInt32(at, true);
  const run = (length: number) => {
    let a = word(0);
    let b = word(4);
    let c = word(8);
    let d = word(12);
    for (let block = BLOCKS; block < BLOCKS + length; block += 64) {
      const before = [a, b, c, d] as const;
      for (let step = 0; step < 64; step++) {
        const mixed =
          step < 16 ? d ^ (b & (c ^ d)) : step < 32 ? c ^ (d & (b ^ c)) : step < 48 ? b ^ c ^ d : c ^ (b | ~d);
        const sum = ((a + mixed) | 0) + ((sines[step]! + word(block + offsets[step]!)) | 0);
        a = d;
        d = c;
        c = b;
        // A shift counts modulo 32.
        b = (b + ((sum << rotations[step]!) | (sum >>> -rotations[step]!))) | 0;
      }
      a = (a + before[0]) | 0;
      b = (b + before[1]) | 0;
      c = (c + before[2]) | 0;
      d = (d + before[3]) | 0;
    }
    for (const [n, value] of [a, b, c, d].entries()) view.setInt32(n * 4, value, true);
  };
  return { memory, run };
}

/** Bytes, in lists that may be nested; of each number the lowest 8 bits count. */
type Code = (number | Code)[];

/**
 * LEB128 in all the five bytes that 32 bits may take: there signed numbers and sizes look alike. Small numbers, below 64
 * signed and below 128 unsigned, are their own LEB128 and stand for themselves.
 */
const leb128 = (n: number) => [n | 128, (n >> 7) | 128, (n >> 14) | 128, (n >> 21) | 128, (n >> 28) & 127];
const flat = (code: Code) => (code as unknown[]).flat(Infinity) as number[];
const sized = (code: Code) => [leb128(flat(code).length), code];
/** From, or to, `offset` past the address on the stack; the 2 says that words lie at multiples of 2² bytes. */
const load = (offset: number) => [I32_LOAD, 2, offset];
const store = (offset: number) => [I32_STORE, 2, offset];

/** `a = b + rotate(a + sine + word + mixed)`, with `mixed` of b, c and d. */
function stepCode(step: number): Code {
  // Instead of moving the words on, every step calls them differently.
  const local = (name: number) => WORDS + ((name - step) & 3);
  const get = (name: number) => [LOCAL_GET, local(name)];
  const [a, b, c, d] = [get(0), get(1), get(2), get(3)];
  const notD = [d, I32_CONST, 0x7f, I32_XOR];
  // Only b is as new as the step before: what needs it comes late, so that the processor waits the least.
  const mixed = [
    [c, d, I32_XOR, b, I32_AND, d, I32_XOR],
    // c & ~d and b & d have no bit in common: the first is added before the second is known.
    [c, notD, I32_AND, I32_ADD, b, d, I32_AND],
    [c, d, I32_XOR, b, I32_XOR],
    [notD, b, I32_OR, c, I32_XOR],
  ][step >> 4]!;
  return [
    [b, a, I32_CONST, leb128(sines[step]!), I32_ADD, LOCAL_GET, DONE, load(BLOCKS + offsets[step]!), I32_ADD],
    [mixed, I32_ADD, I32_CONST, rotations[step]!, I32_ROTL, I32_ADD, LOCAL_SET, local(0)],
  ];
}

/** A module with one page of memory, exported as `m`, and one function, `run` above, exported as `r`. */
function moduleCode(): Uint8Array<ArrayBuffer> {
  const words = [0, 1, 2, 3];
  const zero = [I32_CONST, 0];
  const body = [
    // Five locals beside the parameter.
    [1, 5, I32],
    words.map((n) => [zero, load(n * 4), LOCAL_SET, WORDS + n]),
    [LOOP, NO_RESULT],
    STEPS.map(stepCode),
    words.map((n) => [zero, zero, load(n * 4), LOCAL_GET, WORDS + n, I32_ADD, LOCAL_TEE, WORDS + n, store(n * 4)]),
    [LOCAL_GET, DONE, I32_CONST, leb128(64), I32_ADD, LOCAL_TEE, DONE, LOCAL_GET, LENGTH, I32_LT_U, BR_IF, 0],
    [END, END],
  ];
  return new Uint8Array(
    flat([
      // "\0asm", version 1.
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      // The sections, each a list that begins with its length. Types: from one i32 to nothing.
      [1, sized([1, FUNCTION, 1, I32, 0])],
      // Functions: one, of type 0.
      [3, sized([1, 0])],
      // Memories: one, of at least 1 page.
      [5, sized([1, 0, 1])],
      // Exports: "m" is memory 0, "r" is function 0.
      [7, sized([2, 1, 0x6d, 2, 0, 1, 0x72, 0, 0])],
      // Code.
      [10, sized([1, sized(body)])],
    ]),
  );
}

/** Throws where WebAssembly may not be compiled. */
export function compileSteps(): () => Steps {
  const module = new WebAssembly.Module(moduleCode());
  return () => {
    const { m, r } = new WebAssembly.Instance(module).exports as { m: WebAssembly.Memory; r: Steps['run'] };
    return { memory: m.buffer, run: r };
  };
}

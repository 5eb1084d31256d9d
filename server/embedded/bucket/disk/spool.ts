import { type FileHandle, open, rm } from 'node:fs/promises';

/** A file being written, which is nothing yet until `finish` has resolved. */
export interface Spool {
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Resolves when every byte is on the disk. */
  finish(): Promise<void>;
  /** Removes what there is. */
  discard(): Promise<void>;
}

/** Large writes are what makes a disk fast; two blocks let one fill while the other is written. */
const BLOCK = 2 ** 20;

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Opens a new file at `path` for `size` bytes. Rejects with the system's error, as `ENOSPC`; so do `write` and `finish`. */
export async function openSpool(path: string, size: number): Promise<Spool> {
  const handle = await open(path, 'wx');
  let block = Buffer.allocUnsafeSlow(Math.min(size, BLOCK) || 1);
  let spare = Buffer.allocUnsafeSlow(size > BLOCK ? BLOCK : 1);
  let filled = 0;
  let position = 0;
  let flight: Promise<void> = Promise.resolve();

  async function turn(): Promise<void> {
    await flight;
    flight = writeAll(handle, block.subarray(0, filled), position);
    // Whoever awaits `flight` next hears of the error; this keeps it from counting as unhandled meanwhile.
    flight.catch(() => {});
    position += filled;
    filled = 0;
    [block, spare] = [spare, block];
  }

  async function spill(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const piece = bytes.subarray(from, from + block.length - filled);
      block.set(piece, filled);
      filled += piece.length;
      from += piece.length;
      if (filled === block.length) await turn();
    }
  }

  return {
    write(bytes) {
      if (filled + bytes.length >= block.length) return spill(bytes);
      block.set(bytes, filled);
      filled += bytes.length;
    },
    async finish() {
      if (filled) await turn();
      await flight;
      await handle.sync();
      await handle.close();
    },
    async discard() {
      await flight.catch(() => {});
      // Closing twice is an error in one runtime and nothing in another.
      await handle.close().catch(() => {});
      await rm(path, { force: true });
    },
  };
}

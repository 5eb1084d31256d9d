import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Span } from './ranges.ts';

const BLOCK = 2 ** 18;

/** Reads exactly `length` bytes. Rejects where the file is shorter. */
async function readFully(handle: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (!bytesRead) throw new Error('A file of this object is shorter than it was.');
    done += bytesRead;
  }
  return bytes;
}

/** The bytes of the spans, in order, in blocks, as fast as they are taken. `done` is called once, however it ends. */
export function download(
  folder: string,
  spans: Span[],
  done: () => Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const waiting = [...spans].reverse();
  let handle: FileHandle | undefined;
  let span: Span | undefined;

  async function end(): Promise<void> {
    const open = handle;
    handle = undefined;
    try {
      await open?.close();
    } finally {
      await done();
    }
  }

  async function block(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!span) {
      span = waiting.pop();
      if (!span) return undefined;
      handle = await open(join(folder, span.file), 'r');
    }
    const bytes = await readFully(handle!, span.offset, Math.min(BLOCK, span.length));
    span =
      span.length > bytes.length
        ? { ...span, offset: span.offset + bytes.length, length: span.length - bytes.length }
        : undefined;
    if (!span) {
      await handle!.close();
      handle = undefined;
    }
    return bytes;
  }

  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = await block();
        if (bytes) return controller.enqueue(bytes);
        await end();
        controller.close();
      } catch (error) {
        await end().catch(() => {});
        controller.error(error);
      }
    },
    cancel: end,
  });
}

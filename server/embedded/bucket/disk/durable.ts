import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A name that sorts by time and cannot be guessed: nine characters of the clock, 32 of chance. */
export function freshName(time: number): string {
  return time.toString(36).padStart(9, '0') + randomBytes(16).toString('hex');
}

/** Makes the names in a folder survive a power cut. Systems that cannot open a folder keep them by themselves. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((error: { code?: string }) => {
    if (error.code === 'EISDIR' || error.code === 'EPERM') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Moves a file that is already on the disk to its name: whoever looks sees the old one or the new one. Rejects with
 * the system's error where nothing has changed, and with one of no `code` where only the disk's word is missing.
 */
export async function publish(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncFolder(dirname(path)).catch((cause) => {
    throw new Error(`The disk does not confirm ${path}.`, { cause });
  });
}

/** Writes a small file so that a crash at any moment leaves the old text or the new. `temp` is on the same disk. */
export async function writeDurably(temp: string, path: string, text: string): Promise<void> {
  const temporary = join(temp, freshName(0));
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

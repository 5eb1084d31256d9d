import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from './manifest.ts';
import { type Summary, summaryOf } from './objects.ts';
import { type Part, partName, partOf } from './part.ts';
import { CLOSED, OPEN, type Upload, type UploadRecord } from './uploads.ts';

/** What a bucket's folder holds after whatever ended the last process. */
export interface Recovered {
  objects: Summary[];
  uploads: Upload[];
}

const AT_ONCE = 16;

async function eachOf(names: string[], work: (name: string) => Promise<void>): Promise<void> {
  const waiting = [...names].reverse();
  const worker = async () => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await work(name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const remove = (path: string) => rm(path, { recursive: true, force: true });

async function readObjects(folder: string): Promise<{ objects: Summary[]; used: Set<string> }> {
  const objects: Summary[] = [];
  const used = new Set<string>();
  await eachOf(await readdir(join(folder, 'objects')), async (name) => {
    const path = join(folder, 'objects', name);
    const text = await readFile(path, 'utf8');
    try {
      const manifest: Manifest = JSON.parse(text);
      used.add(manifest.data);
      objects.push(summaryOf(manifest));
    } catch (cause) {
      // To go on would sweep away the object's files as nobody's.
      throw new Error(`${path} is damaged: restore it or move it away, then start again.`, { cause });
    }
  });
  return { objects, used };
}

async function readParts(folder: string, names: string[]): Promise<Map<number, Part>> {
  const parts = new Map<number, Part>();
  for (const part of names.map(partOf)) {
    if (!part) continue;
    const other = parts.get(part.number);
    const [newer, older] = !other || other.modified < part.modified ? [part, other] : [other, part];
    parts.set(newer.number, newer);
    // Killed between putting a part in place and removing the one it replaces.
    if (older) await rm(join(folder, partName(older)), { force: true });
  }
  return parts;
}

/** Finishes what was cut short in a bucket's folder, clears away what never came to be, and tells what is there. */
export async function recover(folder: string): Promise<Recovered> {
  const temporary = await readdir(join(folder, 'temp'));
  await eachOf(temporary, (name) => remove(join(folder, 'temp', name)));
  const { objects, used } = await readObjects(folder);
  await eachOf(await readdir(join(folder, 'data')), async (name) => {
    if (!used.has(`data/${name}`)) await remove(join(folder, 'data', name));
  });
  const uploads: Upload[] = [];
  await eachOf(await readdir(join(folder, 'uploads')), async (id) => {
    const path = join(folder, 'uploads', id);
    const names = await readdir(path);
    const isOpen = names.includes(OPEN);
    if (used.has(`uploads/${id}`)) {
      if (isOpen) await rename(join(path, OPEN), join(path, CLOSED));
    } else if (isOpen) {
      const record: UploadRecord = JSON.parse(await readFile(join(path, OPEN), 'utf8'));
      uploads.push({ ...record, id, parts: await readParts(path, names) });
    } else await remove(path);
  });
  return { objects, uploads };
}

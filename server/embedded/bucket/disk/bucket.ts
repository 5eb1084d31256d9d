import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freshName, syncFolder, writeDurably } from './durable.ts';
import { locks } from './lock.ts';
import { type Objects, openObjects } from './objects.ts';
import { recover } from './recovery.ts';
import { openUploads, type Uploads } from './uploads.ts';

/** A document that is kept for a bucket as it was sent. */
export type Setting = 'cors' | 'lifecycle';

export interface Bucket {
  name: string;
  folder: string;
  /** Milliseconds since 1970. */
  created: number;
  objects: Objects;
  uploads: Uploads;
  setting(name: Setting): string | undefined;
  /** Keeps the text, or forgets it. */
  set(name: Setting, text: string | undefined): Promise<void>;
  /** A new path for a body on its way, swept at the next start if nothing comes of it. */
  temporary(now: number): string;
}

const MARK = 'bucket.json';

async function textAt(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** Opens the bucket of that folder; undefined where none was made. The name is one that S3 allows. */
export async function openBucket(root: string, name: string): Promise<Bucket | undefined> {
  const folder = join(root, name);
  const mark = await textAt(join(folder, MARK));
  if (mark === undefined) return undefined;
  const found = await recover(folder);
  const hold = locks();
  const settings = new Map<Setting, string>();
  for (const setting of ['cors', 'lifecycle'] as const) {
    const text = await textAt(join(folder, `${setting}.xml`));
    if (text !== undefined) settings.set(setting, text);
  }
  return {
    name,
    folder,
    created: JSON.parse(mark).created,
    objects: openObjects(folder, hold, found.objects),
    uploads: openUploads(folder, hold, found.uploads),
    setting: (setting) => settings.get(setting),
    set: (setting, text) =>
      hold(`setting ${setting}`, async () => {
        const path = join(folder, `${setting}.xml`);
        if (text === undefined) {
          await rm(path, { force: true });
          await syncFolder(folder);
          settings.delete(setting);
        } else {
          await writeDurably(join(folder, 'temp'), path, text);
          settings.set(setting, text);
        }
      }),
    temporary: (now) => join(folder, 'temp', freshName(now)),
  };
}

/** Makes the folders of a bucket; the mark comes last, so that a half-made one counts as none. */
export async function makeBucket(root: string, name: string, now: number): Promise<void> {
  const folder = join(root, name);
  for (const room of ['objects', 'data', 'uploads', 'temp']) await mkdir(join(folder, room), { recursive: true });
  await writeDurably(join(folder, 'temp'), join(folder, MARK), JSON.stringify({ created: now }));
  await syncFolder(root);
}

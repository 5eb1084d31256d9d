import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChecksumName } from '../body/digests.ts';
import { BucketError } from '../errors.ts';
import { freshName, publish, syncFolder, writeDurably } from './durable.ts';
import type { Hold } from './lock.ts';
import { type Part, partName } from './part.ts';

/** What was asked for when an upload began: kept in its folder, and the upload is open as long as it is there. */
export interface UploadRecord {
  key: string;
  /** Milliseconds since 1970. */
  initiated: number;
  headers: Record<string, string>;
  algorithm?: ChecksumName;
}

export interface Upload extends UploadRecord {
  id: string;
  parts: Map<number, Part>;
}

export interface Uploads {
  create(record: UploadRecord): Promise<Upload>;
  /** Throws NoSuchUpload, also where the upload is another key's. */
  find(key: string, id: string): Upload;
  all(): Upload[];
  /** Runs work while nothing else can change the upload; it must `find` again inside. */
  hold<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Makes a finished temporary file the part of its number, in place of an earlier one. Throws NoSuchUpload. */
  add(upload: Upload, temporary: string, part: Omit<Part, 'modified'>, now: number): Promise<void>;
  abort(upload: Upload): Promise<void>;
  /** Ends an upload whose object is in its place: takes away the parts that are not in it. Call within `hold`. */
  seal(upload: Upload, used: Part[]): Promise<void>;
}

/** The file that says an upload is open, and the name it gets when it is not. */
export const OPEN = 'upload.json';
export const CLOSED = 'closed.json';

export function openUploads(folder: string, locks: Hold, found: Upload[]): Uploads {
  const open = new Map(found.map((upload) => [upload.id, upload]));
  const place = (upload: Upload, name = '') => join(folder, 'uploads', upload.id, name);
  const hold: Uploads['hold'] = (id, work) => locks(`upload ${id}`, work);

  function find(key: string, id: string): Upload {
    const upload = open.get(id);
    if (upload?.key === key) return upload;
    throw new BucketError(
      'NoSuchUpload',
      'The specified upload does not exist: it may have been aborted or completed.',
    );
  }

  async function close(upload: Upload): Promise<void> {
    await rename(place(upload, OPEN), place(upload, CLOSED));
    await syncFolder(place(upload));
  }

  return {
    find,
    hold,
    all: () => [...open.values()],
    async create(record) {
      const upload = { ...record, id: freshName(record.initiated), parts: new Map() };
      await mkdir(place(upload));
      try {
        await writeDurably(join(folder, 'temp'), place(upload, OPEN), JSON.stringify(record));
        await syncFolder(join(folder, 'uploads'));
      } catch (error) {
        await rm(place(upload), { recursive: true, force: true });
        throw error;
      }
      open.set(upload.id, upload);
      return upload;
    },
    add: (upload, temporary, given, now) =>
      hold(upload.id, async () => {
        find(upload.key, upload.id);
        const earlier = upload.parts.get(given.number);
        const part: Part = { ...given, modified: Math.max(now, (earlier?.modified ?? 0) + 1) };
        await publish(temporary, place(upload, partName(part)));
        upload.parts.set(part.number, part);
        if (earlier) await rm(place(upload, partName(earlier)), { force: true });
      }),
    abort: (upload) =>
      hold(upload.id, async () => {
        find(upload.key, upload.id);
        await close(upload);
        open.delete(upload.id);
        await rm(place(upload), { recursive: true, force: true });
      }),
    async seal(upload, used) {
      open.delete(upload.id);
      // The object stands whatever happens here: the next start finishes it.
      await close(upload).catch(() => {});
      const kept = new Set(used.map((part) => part.number));
      for (const part of upload.parts.values())
        if (!kept.has(part.number)) await rm(place(upload, partName(part)), { force: true });
    },
  };
}

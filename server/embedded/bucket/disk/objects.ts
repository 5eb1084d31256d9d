import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../errors.ts';
import { syncFolder, writeDurably } from './durable.ts';
import type { Hold } from './lock.ts';
import { type Manifest, manifestName } from './manifest.ts';
import { type Shelf, shelf } from './shelf.ts';

/** What a listing tells of an object; kept in memory for all of them. */
export type Summary = Pick<Manifest, 'key' | 'size' | 'etag' | 'modified' | 'upload'>;

/** An object whose files stay until `release`, even when it is deleted or replaced meanwhile. */
export interface Lease {
  manifest: Manifest;
  release(): Promise<void>;
}

export interface Objects {
  keys: Shelf;
  summary(key: string): Summary | undefined;
  /** Throws NoSuchKey. */
  lease(key: string): Promise<Lease>;
  /**
   * Puts an object in its place, all or nothing. `allow` may throw, seeing what is there; `sealed` runs before
   * anybody else can touch the key.
   */
  commit(manifest: Manifest, allow: (current?: Summary) => void, sealed?: () => Promise<void>): Promise<void>;
  /** Resolves also where there is none. */
  remove(key: string): Promise<void>;
}

export function summaryOf({ key, size, etag, modified, upload }: Manifest): Summary {
  return upload ? { key, size, etag, modified, upload } : { key, size, etag, modified };
}

/** The objects of the bucket in `folder`; `found` are those already there. */
export function openObjects(folder: string, hold: Hold, found: Summary[]): Objects {
  const index = new Map(found.map((summary) => [summary.key, summary]));
  const keys = shelf([...index.keys()]);
  const leases = new Map<string, number>();
  const doomed = new Set<string>();
  const place = (key: string) => join(folder, 'objects', manifestName(key));
  const locked = <T>(key: string, work: () => Promise<T>) => hold(`key ${key}`, work);

  async function read(key: string): Promise<Manifest> {
    if (!index.has(key)) throw new BucketError('NoSuchKey', 'The specified key does not exist.');
    return JSON.parse(await readFile(place(key), 'utf8'));
  }

  async function discard(data: string): Promise<void> {
    if (leases.has(data)) doomed.add(data);
    else await rm(join(folder, data), { recursive: true, force: true });
  }

  return {
    keys,
    summary: (key) => index.get(key),
    lease: (key) =>
      locked(key, async () => {
        const manifest = await read(key);
        const { data } = manifest;
        leases.set(data, (leases.get(data) ?? 0) + 1);
        let released = false;
        return {
          manifest,
          async release() {
            if (released) return;
            released = true;
            const others = leases.get(data)! - 1;
            if (others) leases.set(data, others);
            else leases.delete(data);
            if (!others && doomed.delete(data)) await discard(data);
          },
        };
      }),
    commit: (manifest, allow, sealed) =>
      locked(manifest.key, async () => {
        const { key } = manifest;
        allow(index.get(key));
        const previous = index.has(key) ? await read(key) : undefined;
        await writeDurably(join(folder, 'temp'), place(key), JSON.stringify(manifest));
        index.set(key, summaryOf(manifest));
        keys.add(key);
        await sealed?.();
        // What cannot be removed now is nobody's at the next start.
        if (previous && previous.data !== manifest.data) await discard(previous.data).catch(() => {});
      }),
    remove: (key) =>
      locked(key, async () => {
        if (!index.has(key)) return;
        const { data } = await read(key);
        await rm(place(key));
        index.delete(key);
        keys.remove(key);
        await syncFolder(join(folder, 'objects'));
        await discard(data);
      }),
  };
}

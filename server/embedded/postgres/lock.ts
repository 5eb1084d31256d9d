import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { StartError } from '../../fault.ts';
import type { Place } from './place.ts';
import { alive, birth } from './process.ts';

/**
 * Makes this process the one server on `place` and returns what gives it up again. Throws StartError while another lives.
 * The lock of a dead owner is taken over; a process that merely has its number does not count.
 */
export function lock({ folder, home }: Pick<Place, 'folder' | 'home'>): () => void {
  const file = join(home, 'lock');
  const mine = JSON.stringify({ pid: process.pid, birth: birth(process.pid), id: randomUUID() });
  // Written aside and linked, so that nobody ever reads half a lock.
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mine, { mode: 0o644 });
  try {
    while (!link(draft, file)) {
      const held = content(file);
      const owner = livingOwner(held);
      if (owner) {
        throw new StartError(
          `${folder} is already in use by another Partway (process ${owner}): stop it, or set DATA_DIR to another folder`,
        );
      }
      if (held !== undefined) remove(file, held);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => remove(file, mine);
}

function livingOwner(held: string | undefined): number | undefined {
  try {
    const owner = JSON.parse(held ?? '');
    return alive(owner.pid) && birth(owner.pid) === owner.birth ? owner.pid : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the lock only as long as it reads `held`: what a quicker start has put there meanwhile goes back. */
function remove(file: string, held: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    if (content(file) !== held) return;
    renameSync(file, aside);
    if (content(aside) !== held) link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function content(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

import { lstatSync, symlinkSync } from 'node:fs';

/** A symbolic link at `target` that leads to `source`, unless something stands there already. */
export function makeLink(source: string, target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false })) return;
  try {
    symlinkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

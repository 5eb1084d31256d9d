import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../fault.ts';
import { SHORTEST_SECRET } from './env.ts';

/** The secret of `--dev`: made once and kept in `folder`, so that tokens outlive a restart. */
export function keptSecret(folder: string): string {
  const path = join(folder, 'secret');
  try {
    mkdirSync(folder, { recursive: true });
    const kept = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (kept.length >= SHORTEST_SECRET) return kept;
    const made = randomBytes(48).toString('base64');
    // Renamed into place: a full disk must not leave half a secret.
    writeFileSync(`${path}.new`, made, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return made;
  } catch (cause) {
    throw new StartError(
      `DATA_DIR ${folder} cannot be written (${(cause as { code?: string }).code}): make it writable, or set DATA_DIR to a folder that is.`,
    );
  }
}

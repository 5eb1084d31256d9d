import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../fault.ts';
import type { Place } from './place.ts';

/** Of the two database roles; hexadecimal, so that they need no escaping in SQL or a URL. */
export interface Passwords {
  postgres: string;
  partway: string;
}

/** Those kept in `passwords.json` (mode 600), made at the first start. Throws StartError where data stand without theirs. */
export function keepPasswords({ home, data }: Pick<Place, 'home' | 'data'>): Passwords {
  const file = join(home, 'passwords.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  if (existsSync(data)) {
    throw new StartError(
      `${file} is missing, so ${data} cannot be opened: put it back, or set DATA_DIR to another folder`,
    );
  }
  const made = { postgres: randomBytes(24).toString('hex'), partway: randomBytes(24).toString('hex') };
  writeFileSync(`${file}.draft`, JSON.stringify(made), { mode: 0o600 });
  renameSync(`${file}.draft`, file);
  return made;
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../runtime.ts';
import { succeed } from './command.ts';

/** Builds the package and packs it into `folder`, as publishing it would; resolves to the file's path. */
export async function pack(folder: string): Promise<string> {
  await succeed(ROOT, ['npm', 'pack', '--pack-destination', folder]);
  const [name] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  return join(folder, name!);
}

import { PREFIX } from './database.ts';

/** Whose uploads lie on this device. */
export async function ownersHere(): Promise<string[]> {
  const databases = await indexedDB.databases().catch(() => []);
  return databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? name.slice(PREFIX.length) : []));
}

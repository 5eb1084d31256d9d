#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { readDatabaseUrl } from './config.ts';
import { insertApiKey } from './database/credentials.ts';
import { migrate } from './database/migrate.ts';
import { StartError } from './fault.ts';
import { hashToken, newApiKey } from './token.ts';

/** `partway-keys create --user USER`: makes an API key, as the owner of the database, and prints it once. */
async function create(args: string[]): Promise<void> {
  const user = args[0] === 'create' && args[1] === '--user' && args.length === 3 ? args[2]!.trim() : '';
  if (!user)
    throw new StartError('Usage: partway-keys create --user USER, or in a clone: npm run keys -- create --user USER');
  const url = readDatabaseUrl(process.env);
  await migrate(url);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const key = newApiKey(randomBytes);
  await insertApiKey(sql, user, hashToken(key)).finally(() => sql.end());
  console.log(key);
}

try {
  await create(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof StartError ? error.message : `No key was made: ${(error as Error).message}`);
  process.exit(1);
}

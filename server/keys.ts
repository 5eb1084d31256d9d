#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { argsOf } from './args.ts';
import { readDatabaseUrl, readTargets } from './config/config.ts';
import { insertApiKey, listApiKeys, revokeApiKey } from './database/credentials.ts';
import { migrate } from './database/migrate.ts';
import { StartError } from './fault.ts';
import { tableOf } from './table.ts';
import { hashToken, newApiKey } from './token.ts';

const USAGE = `Usage: partway-keys create --user USER
       partway-keys list [--user USER] [--json]
       partway-keys revoke ID
In a clone: npm run keys -- create --user USER, and so on.`;

type Command = (sql: Sql) => Promise<void>;

/** Makes an API key and prints it, this once; its id goes to standard error, so that the key alone can be piped. */
const create =
  (user: string): Command =>
  async (sql) => {
    const key = newApiKey(randomBytes);
    const id = await insertApiKey(sql, user, hashToken(key));
    console.error(`id ${id}`);
    console.log(key);
  };

/** Prints all keys, or those of one user, oldest first; never the key itself, which nobody has but its user. */
const list =
  (user: string | undefined, json: boolean): Command =>
  async (sql) => {
    const keys = await listApiKeys(sql, user);
    if (json) return console.log(JSON.stringify(keys, null, 2));
    const rows = keys.map((key) => [
      key.id,
      key.userId,
      key.createdAt.toISOString(),
      key.revokedAt?.toISOString() ?? '-',
    ]);
    console.log(tableOf(['ID', 'USER', 'CREATED', 'REVOKED'], rows));
  };

/** Ends a key with all that was begun with it. */
const revoke =
  (id: string): Command =>
  async (sql) => {
    const revoked = await revokeApiKey(sql, id, readTargets(process.env));
    if (!revoked) throw new StartError(`There is no key ${id}; partway-keys list shows those that there are.`);
    console.log(
      revoked.before
        ? `Key ${id} was revoked already, at ${revoked.before.toISOString()}.`
        : `Key ${id} is revoked: ${revoked.uploads} unfinished uploads have failed, ${revoked.grants} grants have expired.`,
    );
  };

/** What is asked for; undefined where that is nothing that there is. */
function commandOf(args: string[]): Command | undefined {
  try {
    const options = { user: { type: 'string' }, json: { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [name, id, ...more] = positionals;
    const user = values.user?.trim();
    if (more.length || user === '') return undefined;
    if (name === 'create' && user && !id && !values.json) return create(user);
    if (name === 'list' && !id) return list(user, values.json ?? false);
    if (name === 'revoke' && id && !user && !values.json) return revoke(id);
  } catch {
    // An option that there is not.
  }
  return undefined;
}

/** `partway-keys create | list | revoke`, as the owner of the database. */
async function run(args: string[]): Promise<void> {
  const command = commandOf(args);
  if (!command) throw new StartError(USAGE);
  const url = readDatabaseUrl(process.env);
  await migrate(url);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await command(sql).finally(() => sql.end());
}

try {
  await run(argsOf(process.argv));
} catch (error) {
  console.error(error instanceof StartError ? error.message : `Nothing was done: ${(error as Error).message}`);
  process.exit(1);
}

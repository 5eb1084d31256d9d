import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
import { StartError } from '../fault.ts';
import { SERVER_ROLE } from './connection.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);
/** In the order in which they are applied. */
export const MIGRATIONS = [
  '0001_sessions.sql',
  '0002_outbox.sql',
  '0003_upkeep.sql',
  '0004_revocation.sql',
  '0005_request_credentials.sql',
  '0006_single_put.sql',
];
/** Any fixed number: servers that start at once take turns on it. */
const LOCK = 7_277_929;
export const OLDEST_POSTGRES = 140_000;

const refused = (error: unknown) => (error as { code?: string }).code === '42501';

/** Brings the database at `url` to the newest of `migrations/`, one transaction each; safe to run in many servers at once. */
export async function migrate(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const [version] =
      await sql`select current_setting('server_version_num')::integer as number, current_database() as name`;
    if (version!.number < OLDEST_POSTGRES)
      throw new StartError(
        `DATABASE_URL leads to PostgreSQL ${Math.floor(version!.number / 10_000)}; 14 or newer is needed.`,
      );
    await sql`select pg_advisory_lock(${LOCK})`;
    await makeRole(sql, version!.number);
    await sql`create table if not exists partway_migrations (name text primary key, applied_at timestamptz not null default now())`;
    const applied = new Set((await sql`select name from partway_migrations`).map((row) => row.name));
    for (const name of MIGRATIONS) {
      if (applied.has(name)) continue;
      await sql.begin(async (query) => {
        await query.unsafe(await textOf(new URL(name, FOLDER)));
        await query`insert into partway_migrations (name) values (${name})`;
      });
    }
  } catch (error) {
    throw explained(error);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** A package that Deno has from JSR lies behind https. */
async function textOf(file: URL): Promise<string> {
  if (file.protocol === 'file:') return readFile(file, 'utf8');
  const response = await fetch(file);
  if (!response.ok) throw new StartError(`${file} cannot be read (${response.status}): try again later.`);
  return response.text();
}

/** Makes the server's role where it is missing, and lets the connecting role take it on. */
async function makeRole(sql: postgres.Sql, version: number): Promise<void> {
  const statements: string[] = [];
  const [role] = await sql`select rolsuper or rolbypassrls as mighty from pg_roles where rolname = ${SERVER_ROLE}`;
  if (role?.mighty)
    throw new StartError(
      `The role ${SERVER_ROLE} is a superuser or bypasses row-level security: ALTER ROLE ${SERVER_ROLE} NOSUPERUSER NOBYPASSRLS;`,
    );
  if (!role) statements.push(`CREATE ROLE ${SERVER_ROLE} NOLOGIN`);
  // From 16 on whoever makes a role is a member of it at once, and may take it on only when it is granted.
  const right = version >= 160_000 ? 'set' : 'member';
  const [member] = role ? await sql`select pg_has_role(current_user, ${SERVER_ROLE}, ${right}) as yes` : [];
  const [{ user }] = (await sql`select quote_ident(current_user) as user`) as unknown as [{ user: string }];
  if (!member?.yes) statements.push(`GRANT ${SERVER_ROLE} TO ${user}`);
  try {
    for (const statement of statements) await sql.unsafe(statement).catch(unlessThere);
    await sql.unsafe(`SET ROLE ${SERVER_ROLE}`);
    await sql.unsafe('RESET ROLE');
  } catch (error) {
    if (!refused(error)) throw error;
    const lines = [`CREATE ROLE ${SERVER_ROLE} NOLOGIN;`, `GRANT ${SERVER_ROLE} TO ${user};`];
    throw new StartError(
      [
        'The database does not let this user make the role that the server works under.',
        'Run this once as an administrator of the database, then start again:',
        ...(role ? lines.slice(1) : lines),
      ].join('\n  '),
    );
  }
}

/** Roles are one for all databases of a cluster: the server of another may have made it just now. */
function unlessThere(error: unknown): void {
  const { code } = error as { code?: string };
  if (code !== '42710' && code !== '23505') throw error;
}

function explained(error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (error instanceof StartError) return error;
  if (code === 'ECONNREFUSED' || code === 'CONNECT_TIMEOUT' || code === 'ENOTFOUND' || code === 'CONNECTION_CLOSED')
    return new StartError(`DATABASE_URL: no PostgreSQL answers there (${code}): start it, or correct the address.`);
  if (code === '28P01' || code === '28000' || code === '3D000')
    return new StartError(
      `DATABASE_URL: PostgreSQL refused the connection (${message}): correct user, password or database.`,
    );
  if (refused(error))
    return new StartError(`DATABASE_URL: the user lacks a right that the migrations need (${message}).`);
  return error;
}

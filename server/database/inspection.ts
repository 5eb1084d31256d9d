import postgres from 'postgres';
import { SERVER_ROLE } from './connection.ts';
import { MIGRATIONS } from './migrate.ts';

/** A database as the server would find it; nothing in it is changed. */
export interface Inspection {
  /** As `180004`. */
  version: number;
  /** Migrations that it lacks. */
  lacking: string[];
  /** Migrations that this release does not know. */
  unknown: string[];
  /** Of `SERVER_ROLE`; undefined where there is no such role. */
  role?: { superuser: boolean; bypass: boolean; usable: boolean } | undefined;
  /** Whether the connecting user may make roles. */
  makesRoles: boolean;
  /** The connecting user, quoted for SQL. */
  user: string;
  /** Tables whose rows the role would see without any policy. */
  unbound: string[];
}

const SECONDS = 10;
const TABLES = ['multipart_uploads', 'api_keys', 'grants', 'outbox', 'usage', 'janitor_rounds'];

/** Looks at the database at `url` with its own user. Rejects with the driver's error where it does not answer in 10 s. */
export async function inspect(url: string): Promise<Inspection> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: SECONDS,
    onnotice: () => {},
    connection: { application_name: 'partway doctor', statement_timeout: SECONDS * 1000 } as Record<
      string,
      string | number
    >,
  });
  try {
    const [facts] = await sql`
      select current_setting('server_version_num')::integer as version, quote_ident(current_user) as user,
        rolcreaterole or rolsuper as makes, to_regclass('partway_migrations') is not null as migrated
      from pg_roles where rolname = current_user`;
    const applied: string[] = facts!.migrated
      ? (await sql`select name from partway_migrations`).map((row) => row.name)
      : [];
    const [role] = await sql`
      select rolsuper as superuser, rolbypassrls as bypass, pg_has_role(current_user, oid, 'member') as usable
      from pg_roles where rolname = ${SERVER_ROLE}`;
    return {
      version: facts!.version,
      user: facts!.user,
      makesRoles: facts!.makes,
      lacking: MIGRATIONS.filter((name) => !applied.includes(name)),
      unknown: applied.filter((name) => !MIGRATIONS.includes(name)),
      role: role as Inspection['role'],
      unbound: role?.usable ? await unbound(sql) : [],
    };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Asked under the role itself: the owner of a table is not bound by its policies. */
function unbound(sql: postgres.Sql): Promise<string[]> {
  return sql.begin('read only', async (query) => {
    await query.unsafe(`set local role ${SERVER_ROLE}`);
    const rows = await query`
      select name from unnest(${TABLES}::text[]) as name
      where to_regclass(name) is not null and not row_security_active(to_regclass(name))`;
    return rows.map((row) => row.name as string);
  }) as Promise<string[]>;
}

import postgres from 'postgres';
import type { Passwords } from './passwords.ts';

const CONNECT_SECONDS = 10;

/**
 * The URL of the database `partway` for the role of the same name, which owns it, may create roles and is no superuser.
 * Both are made where they are missing. Rejects with the driver's error where PostgreSQL does not answer.
 */
export async function prepareDatabase(port: number, passwords: Passwords): Promise<string> {
  const url = address('partway', passwords.partway, port);
  try {
    await reach(url);
  } catch (error) {
    // Wrong password (also said of a role that is missing), no such database: a first start was cut off before this.
    if (!['28P01', '3D000'].includes((error as { code: string }).code)) throw error;
    await provision(port, passwords);
    await reach(url);
  }
  return url;
}

async function provision(port: number, passwords: Passwords): Promise<void> {
  const sql = connect(address('postgres', passwords.postgres, port));
  try {
    const [role] = await sql`SELECT 1 FROM pg_roles WHERE rolname = 'partway'`;
    const rights = `LOGIN CREATEROLE NOSUPERUSER PASSWORD '${passwords.partway}'`;
    await sql.unsafe(`${role ? 'ALTER' : 'CREATE'} ROLE partway ${rights}`);
    const [database] = await sql`SELECT 1 FROM pg_database WHERE datname = 'partway'`;
    if (!database) await sql`CREATE DATABASE partway OWNER partway`;
  } finally {
    await sql.end();
  }
}

async function reach(url: string): Promise<void> {
  const sql = connect(url);
  try {
    await sql`SELECT 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function connect(url: string) {
  return postgres(url, { max: 1, fetch_types: false, connect_timeout: CONNECT_SECONDS, onnotice: () => {} });
}

/** The superuser's own database is named after it, too. */
function address(role: 'postgres' | 'partway', password: string, port: number): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${role}`;
}

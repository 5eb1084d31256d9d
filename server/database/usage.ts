import type { Usage } from '../limits.ts';
import type { Query } from './connection.ts';

/** What the user has open, with what this transaction has begun. */
export async function findUsage(sql: Query, userId: string): Promise<Usage> {
  const [row] = await sql`select open_sessions, reserved_bytes from usage where user_id = ${userId}`;
  return { openUploads: Number(row?.open_sessions ?? 0), reservedBytes: Number(row?.reserved_bytes ?? 0) };
}

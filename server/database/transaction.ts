import postgres from 'postgres';
import type { Query, Scope } from './connection.ts';
import type { Link, Pool } from './pool.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** BEGIN and the scope, one message of the protocol that takes no parameters: whatever comes from outside is in hexadecimal. */
function opening({ user, tokenHash, credentialHash, service }: Scope): string {
  const statements = ['begin'];
  if (user)
    statements.push(
      `select set_config('partway.user_id', convert_from(decode('${hex(Buffer.from(user))}', 'hex'), 'UTF8'), true)`,
    );
  if (tokenHash) statements.push(`set local partway.token_hash = '${hex(tokenHash)}'`);
  if (credentialHash) statements.push(`set local partway.credential_hash = '${hex(credentialHash)}'`);
  if (service) statements.push(`set local partway.service = '${service}'`);
  return statements.join('; ');
}

type Done = { command: string; state: { secret: number } };

/** As when a connection is lost: whether the transaction was committed is not known. */
const undone = () => Object.assign(new Error('The transaction was lost.'), { code: 'CONNECTION_CLOSED' });

/** Begins on `link`; resolves to what tells its connection from the next one, should that be lost. */
async function begin(link: Link, scope: Scope): Promise<number> {
  try {
    const done = (await link.sql.unsafe(opening(scope)).execute()) as unknown as Done | [Done];
    link.open = true;
    // The driver gives a result for each statement where one of them has rows, else the last one's.
    return ('state' in done ? done : done[0]).state.secret;
  } catch (error) {
    // The connection lives on after an error, and not after what is FATAL.
    link.open = error instanceof postgres.PostgresError && error.severity === 'ERROR';
    throw error;
  }
}

/** Has `work` make its one query and sends that at once; the last one made is it, the others are its fragments. */
function handOver<T>(sql: postgres.Sql, work: (sql: Query) => Promise<T>): Promise<T> {
  let made: postgres.PendingQuery<postgres.Row[]> | undefined;
  let sent = false;
  const make = (strings: TemplateStringsArray, ...values: postgres.ParameterOrFragment<never>[]) => {
    if (sent) throw new Error('A single transaction has one query, made at once.');
    made = sql(strings, ...values);
    return made;
  };
  const result = work(Object.setPrototypeOf(make, sql) as Query);
  sent = true;
  made?.execute();
  return result;
}

/**
 * Runs `work` on a connection of `pool`, between BEGIN and COMMIT. A connection answers in order, so what needs no
 * answer is sent without waiting: BEGIN with the first query of `work`, and with its only one (`single`) COMMIT, too.
 */
export async function transact<T>(
  pool: Pool,
  scope: Scope,
  work: (sql: Query) => Promise<T>,
  single: boolean,
): Promise<T> {
  const link = await pool.take();
  const { sql } = link;
  const begun = begin(link, scope);
  let result: Promise<T> | undefined;
  let ended: Promise<Done> | undefined;
  try {
    // Where no connection can be made, nothing may wait for the next one to run outside of its transaction.
    if (!link.open) await begun;
    result = single ? handOver(sql, work) : work(sql);
    if (!single) await Promise.all([begun, result]);
    ended = sql`commit`.execute() as unknown as Promise<Done>;
    const [value, secret, done] = await Promise.all([result, begun, ended]);
    // A failed query that nobody minded, or a connection that took the place of a lost one.
    if (done.command !== 'COMMIT' || done.state.secret !== secret) throw undone();
    return value;
  } catch (error) {
    if (link.open) ended ??= sql`rollback`.execute() as unknown as Promise<Done>;
    // Where BEGIN has failed, what came after it tells of that only.
    await begun;
    throw error;
  } finally {
    // The caller need not wait for what is still on its way; the next borrower must.
    Promise.allSettled([begun, result, ended]).then(() => pool.give(link));
  }
}

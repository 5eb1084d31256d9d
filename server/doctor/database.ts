import { SERVER_ROLE } from '../database/connection.ts';
import type { Inspection } from '../database/inspection.ts';
import { OLDEST_POSTGRES } from '../database/migrate.ts';
import { type Finding, fault, note, ok } from './finding.ts';

const CHECK = 'database';

/** Why the database could not be looked at. */
export function unreached(error: unknown): Finding {
  const { code = 'Error', message = '' } = error as { code?: string; message?: string };
  if (['28P01', '28000', '3D000'].includes(code))
    return fault(CHECK, `PostgreSQL refuses the connection (${message}).`, {
      todo: 'Correct user, password or database in DATABASE_URL.',
    });
  if (code === '57014' || code === 'CONNECT_TIMEOUT')
    return fault(CHECK, 'PostgreSQL does not answer within 10 s.', {
      todo: 'Look whether it is up, and whether a firewall stands between; correct the address in DATABASE_URL.',
    });
  return fault(CHECK, `No PostgreSQL answers (${code}).`, {
    todo: 'Start it, or correct the address in DATABASE_URL.',
  });
}

/** Whether the server can work with this database, and is bound in it. */
export function database(facts: Inspection): Finding[] {
  const major = Math.floor(facts.version / 10_000);
  if (facts.version < OLDEST_POSTGRES)
    return [fault(CHECK, `It is PostgreSQL ${major}.`, { todo: 'Give the address of a PostgreSQL 14 or newer.' })];
  return [ok(CHECK, `PostgreSQL ${major} answers.`), migrations(facts), ...role(facts)];
}

function migrations({ lacking, unknown }: Inspection): Finding {
  if (unknown.length) return note('migrations', `A newer release has been here (${unknown.join(', ')}): use that one.`);
  if (lacking.length)
    return note('migrations', `Not applied yet: ${lacking.join(', ')}; the server does it at its start.`);
  return ok('migrations', 'All are applied.');
}

function role({ role, makesRoles, user, unbound }: Inspection): Finding[] {
  const check = 'role';
  const paste = (...lines: string[]) => [
    { where: 'psql, as an administrator of the database', text: lines.join('\n') },
  ];
  const grant = `GRANT ${SERVER_ROLE} TO ${user};`;
  if (!role && makesRoles) return [note(check, `${SERVER_ROLE} is not there yet; the server makes it at its start.`)];
  if (!role)
    return [
      fault(check, `There is no role ${SERVER_ROLE}, and DATABASE_URL's user may not make it.`, {
        todo: 'Make it once.',
        paste: paste(`CREATE ROLE ${SERVER_ROLE} NOLOGIN;`, grant),
      }),
    ];
  if (role.superuser || role.bypass)
    return [
      fault(
        check,
        `${SERVER_ROLE} is ${role.superuser ? 'a superuser' : 'above row-level security'}: nothing binds the server.`,
        {
          todo: 'Take that away.',
          paste: paste(`ALTER ROLE ${SERVER_ROLE} NOSUPERUSER NOBYPASSRLS;`),
        },
      ),
    ];
  if (!role.usable)
    return [
      fault(check, `DATABASE_URL's user may not act as ${SERVER_ROLE}.`, {
        todo: makesRoles ? 'Start the server once, or allow it.' : 'Allow it.',
        paste: paste(grant),
      }),
    ];
  if (unbound.length)
    return [
      fault(check, `Row-level security does not bind ${SERVER_ROLE} in ${unbound.join(', ')}.`, {
        todo: "Turn it on again, and let nobody but DATABASE_URL's user own the tables.",
        paste: paste(...unbound.map((table) => `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;`)),
      }),
    ];
  return [ok(check, `${SERVER_ROLE} is bound by row-level security.`)];
}

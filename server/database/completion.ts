import { rangesOf } from '../contract/ranges.ts';
import type { VerifiedBy } from '../contract/wire.ts';
import type { Query } from './connection.ts';
import { toMultirange } from './multirange.ts';
import { BEGUN, COLUMNS, first } from './session.ts';

/**
 * `active | paused → completing`, remembering which of the two, or succeeds a holder whose lease has run out; without
 * an `objectDigest` of its own it compares by the one that the holder had.
 */
export async function leaseCompletion(
  sql: Query,
  id: string,
  holder: string,
  leaseSeconds: number,
  objectDigest: string | null,
) {
  return first(
    await sql`
      update multipart_uploads
      set status = 'completing', status_before = case status when 'completing' then status_before else status end,
        lease_holder = ${holder}, lease_until = now() + make_interval(secs => ${leaseSeconds}),
        object_digest = coalesce(${objectDigest}, object_digest)
      where id = ${id} and ${sql.unsafe(BEGUN)}
        and (status in ('active', 'paused') or (status = 'completing' and lease_until <= now()))
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

export async function renewLease(sql: Query, id: string, holder: string, leaseSeconds: number) {
  return first(
    await sql`
      update multipart_uploads set lease_until = now() + make_interval(secs => ${leaseSeconds})
      where id = ${id} and lease_holder = ${holder} and status = 'completing'
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `completing → active | paused`, whichever it was before, with the parts that the store really has. */
export async function releaseCompletion(sql: Query, id: string, holder: string, stored?: Iterable<number>) {
  return first(
    await sql`
      update multipart_uploads
      set status = coalesce(status_before, 'active'), lease_holder = null, lease_until = null
        ${stored ? sql`, stored_parts = ${toMultirange(rangesOf(stored))}::int4multirange` : sql``}
      where id = ${id} and status = 'completing' and lease_holder = ${holder}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `completing → completed`; nobody needs the keys to a caller's bucket any more. A single PUT leaves nothing beside its object. */
export async function finishCompletion(
  sql: Query,
  id: string,
  holder: string,
  answer: { etag: string; url: string; verifiedBy: VerifiedBy },
) {
  return first(
    await sql`
      update multipart_uploads
      set status = 'completed', completed_at = now(), lease_holder = null, lease_until = null, etag = ${answer.etag},
        url = ${answer.url}, verified_by = ${answer.verifiedBy},
        stored_parts = int4multirange(int4range(1, total_parts + 1)),
        swept = swept or callers_bucket or part_digest is not null, sealed_credentials = null
      where id = ${id} and status = 'completing' and lease_holder = ${holder}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** A database as it is after years: many users' uploads, nearly all of them ended. */

import type postgres from 'postgres';

/** One user who has a tenth of all. */
export const BUSY = 'busy';

/**
 * Adds `sessions` uploads of `sessions / 50` users and of `BUSY`, and `others` grants, keys and events; `sql` must be a
 * superuser's. Of a hundred uploads 96 are completed and swept, two cancelled, one is failed and one open.
 */
export async function crowd(sql: postgres.Sql, sessions: number, others = sessions): Promise<void> {
  await sql.begin(async (query) => {
    // Without the triggers, which would do the same row by row.
    await query`set local session_replication_role = replica`;
    await query`
      insert into multipart_uploads (id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size,
        part_size, total_parts, stored_parts, status, etag, url, verified_by, error_code, fingerprint, idempotency_key,
        token_hash, created_at, completed_at, expires_at, swept)
      select gen_random_uuid(), owner, 'S3', 'crowded', 'uploads/' || encode(sha256(n::text::bytea), 'hex'), 'upload-' || n,
        'IMG_' || n || '.mov', 'video/quicktime', 52428800, 5242880, 10, '{[1,11)}', status,
        case status when 'completed' then md5(n::text) || '-10' end,
        case status when 'completed' then 'https://store.example.com/' || n end,
        case status when 'completed' then 'etag' end, case status when 'failed' then 'UPLOAD_EXPIRED' end,
        'print-' || n, 'key-' || n, sha256(n::text::bytea), at, case status when 'completed' then at end,
        at + interval '7 days', status <> 'active'
      from (
        select n,
          case when n % 10 = 0 then ${BUSY} else 'user-' || (n * 7919::bigint) % ${Math.ceil(sessions / 50)}::int end as owner,
          case when n % 100 < 96 then 'completed' when n % 100 < 98 then 'aborted' when n % 100 = 98 then 'failed'
            else 'active' end as status,
          -- What is open was begun this week, the rest in the last month.
          now() - case when n % 100 = 99 then interval '5 days' else interval '30 days' end * n / ${sessions}::float as at
        from generate_series(1, ${sessions}::int) as n
      ) as rows`;
    await query`
      insert into usage (user_id, open_sessions, reserved_bytes)
      select user_id, count(*), sum(file_size) from multipart_uploads where is_open(status) group by user_id
      on conflict (user_id) do update
      set open_sessions = excluded.open_sessions, reserved_bytes = excluded.reserved_bytes`;
    // An account stays when nothing is open any more.
    await query`
      insert into usage (user_id, open_sessions, reserved_bytes)
      select 'user-' || n, 0, 0 from generate_series(1, ${others}::int) as n on conflict do nothing`;
    await query`
      insert into api_keys (user_id, key_hash)
      select 'user-' || n, sha256(('key ' || n)::bytea) from generate_series(1, ${others}::int) as n`;
    await query`
      insert into grants (user_id, grant_hash, max_bytes, max_files, content_types, expires_at)
      select 'user-' || n, sha256(('grant ' || n)::bytea), 1000000, 10, '{}', now() + interval '1 day' * (n % 30)
      from generate_series(1, ${others}::int) as n`;
    await query`
      insert into outbox (target, event, session_id, data, attempts, created_at, due_at, outcome, settled_at)
      select 'webhook', 'upload.completed', gen_random_uuid(), '{}', 1, at, at, 'delivered', at
      from (select now() - interval '9 days' * n / ${others}::float as at from generate_series(1, ${others}::int) as n) as events`;
  });
  await sql`analyze`;
}

-- Sessions, the credentials that may begin them, and the role that the server works under.

create table api_keys (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table grants (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  api_key_id uuid references api_keys,
  grant_hash bytea not null unique,
  max_bytes bigint not null check (max_bytes > 0),
  max_files integer not null check (max_files > 0),
  used_bytes bigint not null default 0,
  used_files integer not null default 0,
  content_types text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check (used_bytes <= max_bytes and used_files <= max_files)
);

-- Bytes of the parts in `stored`: all are `part_size` long but the last.
create function stored_bytes(stored int4multirange, part_size bigint, total_parts integer, file_size bigint)
returns bigint language sql immutable parallel safe as $$
  select coalesce((select sum(upper(r) - lower(r)) from unnest(stored) r), 0) * part_size
    - case when stored @> total_parts then total_parts * part_size - file_size else 0 end
$$;

create table multipart_uploads (
  id uuid primary key,
  user_id text not null,
  api_key_id uuid references api_keys,
  grant_id uuid references grants,
  provider text not null check (provider in ('S3', 'R2')),
  bucket text not null,
  file_key text not null,
  upload_id text,
  filename text not null,
  content_type text not null,
  file_size bigint not null check (file_size >= 0),
  part_size bigint not null check (part_size > 0),
  total_parts integer not null check (total_parts > 0),
  stored_parts int4multirange not null default '{}',
  uploaded_bytes bigint not null
    generated always as (stored_bytes(stored_parts, part_size, total_parts, file_size)) stored,
  status text not null default 'active'
    check (status in ('active', 'paused', 'completing', 'completed', 'aborted', 'failed')),
  lease_holder uuid,
  lease_until timestamptz,
  etag text,
  url text,
  verified_by text check (verified_by in ('etag', 'parts', 'size')),
  idempotency_key text,
  fingerprint text,
  token_hash bytea not null,
  token_generation integer not null default 1,
  metadata jsonb not null default '{}',
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz,
  expires_at timestamptz not null,
  check (status <> 'completed' or (etag is not null and url is not null and verified_by is not null)),
  check ((status = 'failed') = (error_code is not null))
);

create unique index multipart_uploads_idempotency on multipart_uploads (user_id, idempotency_key)
  where idempotency_key is not null;

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger multipart_uploads_updated_at before update on multipart_uploads
  for each row execute function touch_updated_at();

create function get_upload_progress(session uuid)
returns table (status text, uploaded integer, total integer, uploaded_bytes bigint, total_bytes bigint)
language sql stable as $$
  select u.status, coalesce((select sum(upper(r) - lower(r))::integer from unnest(u.stored_parts) r), 0),
    u.total_parts, u.uploaded_bytes, u.file_size
  from multipart_uploads u where u.id = session
$$;

-- Each transaction of the server says for whom it acts; what it may see follows from that alone.
alter table multipart_uploads enable row level security;
alter table api_keys enable row level security;
alter table grants enable row level security;

create policy users_manage_own_uploads on multipart_uploads to partway_server
  using (user_id = nullif(current_setting('partway.user_id', true), ''));
create policy token_manages_one_upload on multipart_uploads to partway_server
  using (token_hash = decode(nullif(current_setting('partway.token_hash', true), ''), 'hex'));
create policy key_shows_itself on api_keys for select to partway_server
  using (key_hash = decode(nullif(current_setting('partway.credential_hash', true), ''), 'hex'));
create policy users_make_own_grants on grants for insert to partway_server
  with check (user_id = nullif(current_setting('partway.user_id', true), ''));
create policy grant_shows_itself on grants for select to partway_server
  using (grant_hash = decode(nullif(current_setting('partway.credential_hash', true), ''), 'hex'));
create policy grant_spends_itself on grants for update to partway_server
  using (grant_hash = decode(nullif(current_setting('partway.credential_hash', true), ''), 'hex'));

grant select, insert, update on multipart_uploads to partway_server;
grant select on api_keys to partway_server;
grant select, insert on grants to partway_server;
grant update (used_bytes, used_files) on grants to partway_server;

-- What one user has open, and what the janitor needs to look after every upload.

alter table multipart_uploads
  -- What the client computed: whoever succeeds a dead server compares by the same.
  add column object_digest text,
  -- The store has nothing left that belongs to no object.
  add column swept boolean not null default true,
  -- No janitor takes it before: the lease of whoever is at it, and the pause after a failure.
  add column tended_until timestamptz not null default '-infinity',
  -- Whom its end is told to, as far as the server knew that began it.
  add column events text not null default coalesce(current_setting('partway.events', true), ''),
  -- Grants go when their time is over, uploads remember which they were begun with.
  drop constraint multipart_uploads_grant_id_fkey;

-- What was completed before there was a janitor left nothing behind; the rest is looked after.
alter table multipart_uploads alter column swept set default false;
update multipart_uploads set swept = false where status <> 'completed';

-- A janitor's visit is no news for the owner.
drop trigger multipart_uploads_updated_at on multipart_uploads;
create trigger multipart_uploads_updated_at before update on multipart_uploads
  for each row when (new.status <> old.status or (new.swept = old.swept and new.tended_until = old.tended_until))
  execute function touch_updated_at();

create index multipart_uploads_overdue on multipart_uploads (expires_at) where status in ('active', 'paused');
create index multipart_uploads_leased on multipart_uploads (lease_until) where status = 'completing';
create index multipart_uploads_unmade on multipart_uploads (created_at) where status = 'active' and upload_id is null;
create index multipart_uploads_unswept on multipart_uploads (tended_until)
  where status in ('completed', 'aborted', 'failed') and not swept;
create index multipart_uploads_old on multipart_uploads (expires_at) where swept;
create index multipart_uploads_key on multipart_uploads (file_key collate "C");
create index multipart_uploads_key_open on multipart_uploads (bucket, file_key collate "C")
  where status in ('active', 'paused') and upload_id is not null;
create index multipart_uploads_status on multipart_uploads (status) where status in ('active', 'paused', 'completing');
create index multipart_uploads_credential on multipart_uploads (api_key_id)
  where status in ('active', 'paused', 'completing');
-- Also what is just being completed can be claimed by its fingerprint.
drop index multipart_uploads_open;
create index multipart_uploads_open on multipart_uploads (user_id, fingerprint)
  where status in ('active', 'paused', 'completing');
create index grants_expired on grants (expires_at);
create index grants_credential on grants (api_key_id) where api_key_id is not null;

create function is_open(status text) returns boolean language sql immutable parallel safe as $$
  select status in ('active', 'paused', 'completing')
$$;

-- The diagram of states, and nothing beside it. What has ended is given a minute before the janitor looks after it:
-- whoever ended it is still freeing the store.
create function change_status() returns trigger language plpgsql as $$
begin
  if new.status = old.status or (old.status, new.status) in (
    ('active', 'paused'), ('paused', 'active'),
    ('active', 'completing'), ('paused', 'completing'), ('completing', 'active'), ('completing', 'paused'),
    ('completing', 'completed'), ('active', 'aborted'), ('paused', 'aborted'),
    ('active', 'failed'), ('paused', 'failed'), ('completing', 'failed'))
  then
    if old.status <> new.status and not is_open(new.status) then
      new.tended_until := now() + interval '1 minute';
    end if;
    return new;
  end if;
  raise exception 'an upload that is % cannot become %', old.status, new.status using errcode = 'check_violation';
end
$$;

create trigger multipart_uploads_status before update of status on multipart_uploads
  for each row execute function change_status();

-- A session is told of to whom its beginner knew of and to whom its ender does: a command line ends one, too.
create or replace function record_outcome() returns trigger language plpgsql security definer as $$
begin
  insert into outbox (target, event, session_id, data, due_at)
  select target, 'upload.' || new.status, new.id,
    (jsonb_build_object('sessionId', new.id, 'userId', new.user_id, 'fileKey', new.file_key, 'filename', new.filename,
      'fileSize', new.file_size, 'contentType', new.content_type, 'provider', new.provider, 'bucket', new.bucket,
      'metadata', new.metadata)
      || case new.status
        when 'completed' then jsonb_build_object('url', new.url, 'etag', new.etag, 'verifiedBy', new.verified_by)
        else jsonb_build_object('errorCode', new.error_code, 'errorMessage', new.error_message)
      end)::json,
    now() + case target when 'hook' then interval '30 seconds' else interval '0' end
  from (
    select distinct target
    from unnest(string_to_array(concat_ws(',', new.events, current_setting('partway.events', true)), ',')) as target
  ) as targets
  where target = 'webhook' or (target = 'hook' and new.status = 'completed');
  return null;
end
$$;

-- What each user has begun and not ended.
create table usage (
  user_id text primary key,
  open_sessions bigint not null,
  reserved_bytes numeric not null
);

insert into usage (user_id, open_sessions, reserved_bytes)
  select user_id, count(*), sum(file_size) from multipart_uploads where is_open(status) group by user_id;

create function account_usage() returns trigger language plpgsql security definer as $$
declare
  upload multipart_uploads := coalesce(new, old);
  opened integer := coalesce(is_open(new.status), false)::integer - coalesce(is_open(old.status), false)::integer;
begin
  if opened <> 0 then
    insert into usage as u (user_id, open_sessions, reserved_bytes)
    values (upload.user_id, opened, opened * upload.file_size::numeric)
    on conflict (user_id) do update set open_sessions = u.open_sessions + excluded.open_sessions,
      reserved_bytes = u.reserved_bytes + excluded.reserved_bytes;
  end if;
  return null;
end
$$;

-- With its owner's rights: nobody else changes an account. Nor can a temporary table stand in for ours.
do $$
begin
  execute format('alter function record_outcome() set search_path = %I, pg_temp', current_schema());
  execute format('alter function account_usage() set search_path = %I, pg_temp', current_schema());
end
$$;
revoke execute on function account_usage() from public;

create trigger multipart_uploads_usage after insert or delete or update of status on multipart_uploads
  for each row execute function account_usage();

-- When each round that one server is enough for is due.
create table janitor_rounds (
  name text primary key,
  due_at timestamptz not null
);
insert into janitor_rounds values ('reconcile', now());

alter table usage enable row level security;
alter table janitor_rounds enable row level security;

create policy service_all_uploads on multipart_uploads to partway_server
  using (current_setting('partway.service', true) = 'janitor');
create policy janitor_alone_deletes on multipart_uploads as restrictive for delete to partway_server
  using (current_setting('partway.service', true) = 'janitor' and swept);
create policy janitor_prunes_grants on grants to partway_server
  using (current_setting('partway.service', true) = 'janitor');
create policy janitor_takes_turns on janitor_rounds to partway_server
  using (current_setting('partway.service', true) = 'janitor');
create policy users_see_own_usage on usage for select to partway_server
  using (user_id = nullif(current_setting('partway.user_id', true), ''));

grant delete on multipart_uploads, grants to partway_server;
grant select, update (due_at) on janitor_rounds to partway_server;
grant select on usage to partway_server;

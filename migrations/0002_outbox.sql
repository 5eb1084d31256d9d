-- Pausing, finding one's uploads again, and telling the app what became of them.

-- What a session was before it was `completing`, to be that again where completing fails.
alter table multipart_uploads add column status_before text check (status_before in ('active', 'paused'));

create index multipart_uploads_listed on multipart_uploads (user_id, created_at desc, id desc);
create index multipart_uploads_open on multipart_uploads (user_id, fingerprint) where status in ('active', 'paused');

-- One row for each event and whom it is for; it says all there is to say, so that its bearer need not see any upload.
create table outbox (
  id uuid primary key default gen_random_uuid(),
  target text not null check (target in ('hook', 'webhook')),
  event text not null check (event in ('upload.completed', 'upload.failed')),
  session_id uuid not null,
  data json not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- Nobody takes it before: the lease of whoever is at it, then the back-off.
  due_at timestamptz not null,
  outcome text check (outcome in ('delivered', 'gone', 'dead')),
  settled_at timestamptz,
  check ((outcome is null) = (settled_at is null))
);

create index outbox_due on outbox (target, due_at) where outcome is null;
create index outbox_session on outbox (session_id);
create index outbox_age on outbox (created_at);

-- Written by whatever ends an upload, in its own transaction. `partway.events` says what the server that does it
-- is to tell of; nothing is written for nobody. The hook is first called by that very server: others wait a little.
create function record_outcome() returns trigger language plpgsql security definer as $$
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
  from unnest(string_to_array(nullif(current_setting('partway.events', true), ''), ',')) as target
  where target = 'webhook' or new.status = 'completed';
  return null;
end
$$;

-- With its owner's rights: the server's role cannot invent an event. Nor can a temporary table stand in for ours.
do $$
begin
  execute format('alter function record_outcome() set search_path = %I, pg_temp', current_schema());
end
$$;
revoke execute on function record_outcome() from public;

create trigger multipart_uploads_outcome after update of status on multipart_uploads
  for each row when (new.status in ('completed', 'failed') and new.status is distinct from old.status)
  execute function record_outcome();

alter table outbox enable row level security;
create policy courier_bears_all on outbox to partway_server
  using (current_setting('partway.service', true) = 'outbox');

grant select, delete on outbox to partway_server;
grant update (attempts, due_at, outcome, settled_at) on outbox to partway_server;

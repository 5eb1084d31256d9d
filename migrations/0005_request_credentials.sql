-- Uploads to a bucket that the caller brought, with the keys to it.

alter table multipart_uploads
  -- Sealed under PARTWAY_SECRET, for this session alone; gone as soon as nothing is left to do in the store.
  add column sealed_credentials bytea,
  -- Outlives them: whatever its name, the bucket is none of the configured ones.
  add column callers_bucket boolean not null default false,
  add check (sealed_credentials is null or callers_bucket);

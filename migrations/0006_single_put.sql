-- A file of one part whose digest is known goes by one PUT to its key: there is no multipart upload of it in the store.

alter table multipart_uploads
  -- Base64 of the MD5 that the PUT is bound to; null where it is a multipart upload.
  add column part_digest text,
  add check (part_digest is null or (upload_id is null and total_parts = 1));

drop index multipart_uploads_unmade;
create index multipart_uploads_unmade on multipart_uploads (created_at)
  where status = 'active' and upload_id is null and part_digest is null;

-- A key that is revoked begins nothing more, not even what was under way when it was: whoever begins something with it
-- and whoever revokes it take turns, and the second sees what the first has done.

create function refuse_revoked_key() returns trigger language plpgsql security definer as $$
begin
  perform from api_keys where id = new.api_key_id and revoked_at is null for share;
  if not found then
    raise exception 'the API key % is revoked', new.api_key_id using errcode = 'KR001';
  end if;
  return new;
end
$$;

-- With its owner's rights: the server's role sees no key but the one that it was shown.
do $$
begin
  execute format('alter function refuse_revoked_key() set search_path = %I, pg_temp', current_schema());
end
$$;
revoke execute on function refuse_revoked_key() from public;

create trigger multipart_uploads_key before insert on multipart_uploads
  for each row when (new.api_key_id is not null) execute function refuse_revoked_key();
create trigger grants_key before insert on grants
  for each row when (new.api_key_id is not null) execute function refuse_revoked_key();

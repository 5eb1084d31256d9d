/** One database and one bucket that servers share, and what has become of each user's uploads there. */

import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import postgres from 'postgres';
import { freshName, ORIGIN, storeEnv } from '../api/place.ts';
import { makeFolder, removeFolder, serveDatabase } from '../api/serve.ts';
import { digestsOf } from '../bytes.ts';
import { embeddedStore, keysIn, makeBucket, objectDigests } from '../store.ts';

export type Ground = Awaited<ReturnType<typeof openGround>>;

/** One user's, at one moment. */
export interface State {
  statuses: string[];
  uploads: number;
  /** Keys of the finished objects. */
  objects: string[];
  open: number;
  reserved: number;
  /** Events about the ends of uploads. */
  events: string[];
}

export async function openGround(env: Record<string, string> = {}) {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = freshName();
  const dataDir = makeFolder();
  await makeBucket(store, bucket, [ORIGIN]);
  const sql = postgres(database.admin(), { max: 1, onnotice: () => {} });

  async function states(users: string[]): Promise<Map<string, State>> {
    const rows = await sql`
      select u.user_id, file_key, status, coalesce(open_sessions, 0)::int as open, coalesce(reserved_bytes, 0)::int as reserved,
        array(select event from outbox where session_id = u.id) as events
      from multipart_uploads u left join usage using (user_id) order by u.created_at`;
    const { Uploads = [] } = await store.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    const keys = new Set(await keysIn(store, bucket));
    const state = (user: string): State => {
      const own = rows.filter((row) => row.user_id === user);
      const names = new Set(own.map((row) => row.file_key));
      return {
        statuses: own.map((row) => row.status),
        uploads: Uploads.filter(({ Key }) => names.has(Key)).length,
        objects: [...names].filter((key) => keys.has(key)),
        open: own[0]?.open ?? 0,
        reserved: own[0]?.reserved ?? 0,
        events: own.flatMap((row) => row.events),
      };
    };
    return new Map(users.map((user) => [user, state(user)]));
  }

  return {
    store,
    bucket,
    sql,
    env: {
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      PARTWAY_SECRET: 'a secret that all servers share.',
      ...storeEnv(store, bucket),
      ...env,
    } as Record<string, string>,
    states,
    /** Every lease has run out, those of inits long ago, and no janitor is at anything. */
    async passLeases() {
      await sql`
        update multipart_uploads
        set lease_until = now() - interval '2 hours', created_at = created_at - interval '2 hours'
        where lease_until is not null`;
      await sql`update multipart_uploads set tended_until = '-infinity' where tended_until > now()`;
    },
    /** The time of every open session is over. */
    async passSessions() {
      await sql`update multipart_uploads set expires_at = now() where status in ('active', 'paused')`;
    },
    isWhole: async (key: string, bytes: Uint8Array) =>
      Bun.deepEquals(await objectDigests(store, bucket, key), await digestsOf([bytes])),
    async stop() {
      await sql.end();
      await store.stop();
      await database.stop();
      removeFolder(dataDir);
    },
  };
}

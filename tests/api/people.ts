/** Anna and Bert, who have an API key each, at one server. */

import { createHash } from 'node:crypto';
import { embeddedStore } from '../store.ts';
import { type Api, apiAt } from './client.ts';
import { ORIGIN, openPlace, type Place } from './place.ts';
import { query, serveDatabase, type TestDatabase } from './serve.ts';

export const KEYS = { anna: 'mpk_annas', bert: 'mpk_berts', withdrawn: 'mpk_gone' };

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export interface People {
  place: Place;
  database: TestDatabase;
  anna: Api;
  bert: Api;
  stop(): Promise<void>;
}

export async function gather(env: Record<string, string> = {}): Promise<People> {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const place = await openPlace(store, { env: { DATABASE_URL: database.url, ALLOWED_ORIGINS: ORIGIN, ...env } });
  await query(database.url, async (sql) => {
    for (const user of ['anna', 'bert'] as const)
      await sql`insert into api_keys (user_id, key_hash) values (${user}, ${sha256(KEYS[user])})`;
    await sql`insert into api_keys (user_id, key_hash, revoked_at) values ('anna', ${sha256(KEYS.withdrawn)}, now())`;
  });
  return {
    place,
    database,
    anna: apiAt(place.server.url, { 'x-api-key': KEYS.anna }),
    bert: apiAt(place.server.url, { authorization: `Bearer ${KEYS.bert}` }),
    async stop() {
      await place.stop();
      await database.stop();
    },
  };
}

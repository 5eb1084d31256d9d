/** A page that browsers do not trust, as of an app that is served without TLS: no worker, no locks, no digests of its own. */

import { sha256 } from '../api/people.ts';
import { adminUrl, query } from '../api/serve.ts';
import type { TestStore } from '../store.ts';
import { type App, openApp } from './app.ts';
import type { Page } from './page.ts';
import { type Stage, setStage } from './stage.ts';

const HOST = 'phone.test';
const KEY = 'mpk_annas';
const FILE_SIZE = 24 * 2 ** 20;

/** `run` on a stage of its own; `open` opens a tab of the app with a key of its own, as such a page has no cookie. */
export async function onInsecureOrigin(
  { app, store }: { app: App; store: TestStore },
  run: (stage: Stage, open: () => Promise<Page>) => Promise<void>,
): Promise<void> {
  const origin = `http://${HOST}:${app.port}`;
  const stage = await setStage(store, { fileSize: FILE_SIZE, origins: [origin], chrome: { host: HOST } });
  try {
    await query(
      adminUrl(stage.server.dataDir),
      (sql) => sql`insert into api_keys (user_id, key_hash) values ('anna', ${sha256(KEY)})`,
    );
    await run(stage, () => openApp({ origin }, stage, `apiKey: '${KEY}',`));
  } finally {
    await stage.stop();
  }
}

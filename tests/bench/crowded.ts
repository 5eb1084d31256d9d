/** A million sessions beside a thousand: what each call takes, by the same server on the same cluster and bucket. */

import { createApp, openDeps, readConfig } from '../../server/index.ts';
import { runRound } from '../../server/janitor/janitor.ts';
import { makeFolder, removeFolder } from '../api/serve.ts';
import { BUSY } from '../crowd.ts';
import { callerOf } from './caller.ts';
import { alternate, ratios, tell } from './rounds.ts';
import { fill, onScene, type Scene, SESSIONS } from './scene.ts';

type Size = keyof typeof SESSIONS;

const file = { filename: 'film.mov', fileSize: 100 * 1024, contentType: 'video/quicktime', partSize: 1024 };

async function openCrowd(size: Size, { found, database, settings }: Scene) {
  const url = await found(size);
  const dataDir = makeFolder();
  const env = { ...settings, DATABASE_URL: url, DATA_DIR: dataDir };
  const opened = await openDeps(readConfig(env, ['--dev']), {
    log: () => {},
    authenticate: (r) => r.headers.get('x-user'),
  });
  await fill(database.admin(size), SESSIONS[size]);
  const app = createApp(opened.deps);
  const send = callerOf((request) => app.fetch(request), 'http://localhost');
  const call = (path: string, user: string, body?: object) => send(path, { 'x-user': user }, body);
  const { sessionId } = await call('/init', 'owner', { ...file, fingerprint: 'mine' });
  let { resumeToken } = await call('/claim', 'owner', { sessionId });
  const ways = {
    init: () => call('/init', 'owner', { ...file, partUrlCount: 1 }),
    sign: () => call('/sign', 'owner', { resumeToken, parts: [{ partNumber: 2 }], stored: [1] }),
    resume: () => call('/resume', 'owner', { resumeToken, partUrlCount: 1 }),
    claim: async () => {
      ({ resumeToken } = await call('/claim', 'owner', { fingerprint: 'mine' }));
    },
    list: () => call('?limit=50', 'user-7'),
    'list of whom a tenth belongs to': () => call('?limit=50', BUSY),
    'list of what that user has open': () => call('?limit=50&status=active', BUSY),
    'list of what that user has paused': () => call('?limit=50&status=paused', BUSY),
    'a janitor’s round': () => runRound(opened.deps, { retentionDays: 30 }),
  };
  return {
    ways,
    async stop() {
      await opened.close();
      removeFolder(dataDir);
    },
  };
}

async function benchCrowded(scene: Scene): Promise<void> {
  const few = await openCrowd('few', scene);
  const many = await openCrowd('many', scene);
  for (const name of Object.keys(few.ways) as (keyof typeof few.ways)[]) {
    const times = await alternate({ few: few.ways[name], many: many.ways[name] }, { calls: 25 });
    const target = ['init', 'sign', 'resume'].includes(name) ? '≤ 1.3' : '';
    tell(
      `${name}: with ${SESSIONS.many} sessions over with ${SESSIONS.few}`,
      ratios(times.many, times.few),
      '',
      target,
    );
  }
  await few.stop();
  await many.stop();
}

await onScene(benchCrowded);

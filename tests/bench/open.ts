/** The calls of one user, by the sessions that are open already. */

import { query } from '../api/serve.ts';
import { type Rules, takeTurns } from './rounds.ts';
import { writeOpen } from './rows.ts';
import { addUser, type BenchServer, keyOf, type Scene } from './scene.ts';
import { file } from './signing.ts';

/** Each call's turns, in the order of `sizes`. */
export async function byOpen(server: BenchServer, scene: Scene, sizes: number[], rules: Rules<string>) {
  const names = sizes.map(String);
  for (const size of sizes) {
    await addUser(scene.database.admin(), `holder-${size}`);
    await query(scene.database.admin(), (sql) => writeOpen(sql, scene.bucket, `holder-${size}`, size));
  }
  await query(scene.database.admin(), (sql) => sql`vacuum analyze`);
  const begun: string[] = [];
  const calls: Record<string, (user: string) => Promise<unknown>> = {
    init: async (user) => {
      const { resumeToken } = await server.call('/init', keyOf(user), { ...file, fileSize: 10_240, partUrlCount: 1 });
      begun.push(resumeToken);
    },
    'list of 10': (user) => server.call('?limit=10', keyOf(user)),
    'list of 10 active': (user) => server.call('?limit=10&status=active', keyOf(user)),
    claim: (user) => server.call('/claim', keyOf(user), { fingerprint: 'print-7' }),
  };
  const rows = [];
  for (const [name, ask] of Object.entries(calls)) {
    const ways = Object.fromEntries(names.map((size) => [size, () => ask(`holder-${size}`)]));
    const turns = await takeTurns(ways, {
      ...rules,
      clock: () => server.processor() + scene.postgres(),
      // So that each has as many open as before.
      after: async () => {
        for (const resumeToken of begun.splice(0)) await server.call('/abort', {}, { resumeToken });
      },
    });
    rows.push({ name, turns: names.map((size) => turns[size]!) });
  }
  return rows;
}

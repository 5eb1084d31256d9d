/** Where the server's time goes while it signs windows of 32 parts, by the CPU profiles that the runtimes write. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUNTIMES, type Runtime } from '../runtime.ts';
import { onScene, type Scene } from './scene.ts';
import { type Profile, sharesOf } from './shares.ts';
import { signing, writeSessions } from './signing.ts';
import { tableOf } from './table.ts';

const WINDOW = 32;
const LANES = 4;
/** Of one upload. */
const CALLS_EACH = 300;
const CALLS = Number(process.env.BENCH_SIGNS ?? 4000);

async function profile(runtime: Runtime, scene: Scene): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'partway-profile-'));
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const server = await scene.open(runtime, scene.database.url, {}, flags);
  const tokens = await writeSessions(scene, scene.database.admin(), 2 * LANES + Math.ceil(CALLS / CALLS_EACH));
  const sign = signing(server.call, tokens, WINDOW);
  const lane = async () => {
    for (let call = 0; call < CALLS / LANES; call++) await sign();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await server.stop();
  const [file] = readdirSync(folder);
  if (!file) throw new Error(`${runtime} wrote no profile`);
  const shares = sharesOf(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile, /session\/sign\.ts/);
  if (process.env.BENCH_KEEP_PROFILES) console.error(folder);
  else rmSync(folder, { recursive: true });
  return new Map(shares);
}

async function benchProfile(scene: Scene): Promise<void> {
  const shares: Map<string, number>[] = [];
  for (const runtime of RUNTIMES) shares.push(await profile(runtime, scene));
  const rooms = new Set(shares.flatMap((share) => [...share.keys()]));
  const told = (share = 0) => `${(share * 100).toFixed(1)} %`;
  console.log(
    tableOf(
      ['share of the samples', 'Bun', 'Deno', 'Node'],
      [...rooms].map((room) => [room, ...shares.map((share) => told(share.get(room)))]),
    ),
  );
}

await onScene(benchProfile);

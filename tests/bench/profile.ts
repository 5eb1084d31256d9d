/** Where the server's time goes while it signs windows of 32 parts, on Bun and on Node, which write CPU profiles. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onScene, type Scene } from './scene.ts';
import { type Profile, sharesOf } from './shares.ts';
import { signing, writeSessions } from './signing.ts';
import { tableOf } from './table.ts';

const WINDOW = 32;
const LANES = 4;
/** Of one upload. */
const CALLS_EACH = 300;
const CALLS = Number(process.env.BENCH_SIGNS ?? 4000);
const OPTIONS = { bun: 'BUN_OPTIONS', node: 'NODE_OPTIONS' } as const;
type Profiled = keyof typeof OPTIONS;

async function profile(runtime: Profiled, scene: Scene): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'partway-profile-'));
  const server = await scene.open(runtime, scene.database.url, {
    [OPTIONS[runtime]]: `--cpu-prof --cpu-prof-dir=${folder}`,
  });
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
  const [bun, node] = [await profile('bun', scene), await profile('node', scene)];
  const rooms = [...new Set([...bun.keys(), ...node.keys()])];
  const told = (share = 0) => `${(share * 100).toFixed(1)} %`;
  console.log(
    tableOf(
      ['share of the samples', 'Bun', 'Node'],
      rooms.map((room) => [room, told(bun.get(room)), told(node.get(room))]),
    ),
  );
}

await onScene(benchProfile);

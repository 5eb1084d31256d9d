/** Whole uploads of few and of many parts: the processor time of their control calls, part for part. */

import { objectDigest, put } from '../api/client.ts';
import { addUser, type BenchServer, keyOf, type Scene } from './scene.ts';
import { digest, file, part } from './signing.ts';

const PHASES = ['init', 'sign', 'resume', 'complete'] as const;
type Phase = (typeof PHASES)[number];

const WINDOW = 32;
const PUT_LANES = 8;
/** Of them caches are warm. */
const WARM = 1000;
/** So many parts in a round, of however many uploads. */
const ENOUGH = 300;
const USER = 'grower';

export interface Costs {
  server: number;
  postgres: number;
}

/** Sends a whole upload of `parts` parts as the engine does; milliseconds of each phase's control calls. */
async function send({ call, processor }: BenchServer, { postgres }: Scene, parts: number) {
  const spent = {} as Record<Phase, Costs>;
  async function during<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const before = { server: processor(), postgres: postgres() };
    const done = await work();
    spent[phase] = { server: processor() - before.server, postgres: postgres() - before.postgres };
    return done;
  }
  const user = keyOf(USER);
  const { resumeToken } = await during('init', () =>
    call('/init', user, { ...file, fileSize: parts * 1024, partUrlCount: 0 }),
  );
  const numbers = Array.from({ length: parts }, (_, at) => at + 1);
  const urls = await during('sign', async () => {
    const given = [];
    for (let at = 0; at < parts; at += WINDOW) {
      const wanted = numbers.slice(at, at + WINDOW).map((partNumber) => ({ partNumber, digest }));
      const stored = numbers.slice(Math.max(0, at - WINDOW), at);
      given.push(...(await call('/sign', {}, { resumeToken, parts: wanted, stored })).partUrls);
    }
    return given;
  });
  const queue = urls.values();
  const lane = async () => {
    for (const url of queue) {
      const { status } = await put(url, part);
      if (status !== 200) throw new Error(`PUT ${status}`);
    }
  };
  await Promise.all(Array.from({ length: PUT_LANES }, lane));
  await during('resume', () => call('/resume', {}, { resumeToken, partUrlCount: WINDOW }));
  const whole = objectDigest(numbers.map(() => ({ digest })));
  const { verifiedBy } = await during('complete', () => call('/complete', {}, { resumeToken, objectDigest: whole }));
  if (verifiedBy !== 'etag') throw new Error(`verified by ${verifiedBy}`);
  return spent;
}

/** Microseconds a part, by phase, size and round. */
export async function byParts(server: BenchServer, scene: Scene, sizes: number[], rounds: number) {
  await addUser(scene.database.admin(), USER);
  const phases = PHASES.map((phase) => ({ phase, taken: sizes.map(() => [] as Costs[]) }));
  for (let round = 0; round <= rounds; round++)
    for (const [at, size] of sizes.entries()) {
      if (round === 0 && size > WARM) continue;
      const uploads = Math.max(1, Math.floor(ENOUGH / size));
      const sum = phases.map((): Costs => ({ server: 0, postgres: 0 }));
      for (let upload = 0; upload < uploads; upload++) {
        const spent = await send(server, scene, size);
        for (const [phase, total] of sum.entries()) {
          total.server += (spent[PHASES[phase]!].server * 1000) / size / uploads;
          total.postgres += (spent[PHASES[phase]!].postgres * 1000) / size / uploads;
        }
      }
      if (round) for (const [phase, { taken }] of phases.entries()) taken[at]!.push(sum[phase]!);
    }
  return phases;
}

/**
 * What grows: the control calls of one upload by its parts, and the calls of one user by the sessions that are open
 * already. Costs are processor time of the server and of PostgreSQL together; the bucket's own is not in them.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { objectDigest, put, random } from '../api/client.ts';
import { query } from '../api/serve.ts';
import { lineChart } from './chart.ts';
import { costs, median, quantile, ROUNDS, ratios, spread, takeTurns } from './rounds.ts';
import { writeOpen } from './rows.ts';
import { type BenchServer, fill, type Scene, setScene } from './scene.ts';
import { tableOf } from './table.ts';

const SIZES = [10, 100, 1000, 10_000].filter((size) => size <= Number(process.env.BENCH_MOST ?? 10_000));
const PHASES = ['init', 'sign', 'resume', 'complete'] as const;
type Phase = (typeof PHASES)[number];

const WINDOW = 32;
const PUT_LANES = 8;
const CALLS = Number(process.env.BENCH_CALLS ?? 25);
const rounds = Math.min(ROUNDS, 3);
const places = SIZES.map((size) => size.toLocaleString('en'));
const part = random(1024);
const digest = createHash('md5').update(part).digest('base64');
const file = { filename: 'film.mov', contentType: 'video/quicktime', partSize: 1024 };
const keyOf = (user: string) => ({ 'x-api-key': `mpk_${user}` });

async function addUser(scene: Scene, user: string): Promise<void> {
  const hash = createHash('sha256').update(keyOf(user)['x-api-key']).digest();
  await query(scene.database.admin(), (sql) => sql`insert into api_keys (user_id, key_hash) values (${user}, ${hash})`);
}

interface Costs {
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
  const user = keyOf('grower');
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
async function byParts(server: BenchServer, scene: Scene) {
  const taken = PHASES.map((phase) => ({ phase, sizes: SIZES.map(() => [] as Costs[]) }));
  for (let round = 0; round <= rounds; round++)
    for (const [at, size] of SIZES.entries()) {
      // Caches are warm after a thousand parts.
      if (round === 0 && size > 1000) continue;
      const uploads = Math.max(1, Math.floor(300 / size));
      const sum = taken.map((): Costs => ({ server: 0, postgres: 0 }));
      for (let upload = 0; upload < uploads; upload++) {
        const spent = await send(server, scene, size);
        for (const [phase, total] of sum.entries()) {
          total.server += (spent[PHASES[phase]!].server * 1000) / size / uploads;
          total.postgres += (spent[PHASES[phase]!].postgres * 1000) / size / uploads;
        }
      }
      if (round) for (const [phase, { sizes }] of taken.entries()) sizes[at]!.push(sum[phase]!);
    }
  return taken;
}

async function byOpen(server: BenchServer, scene: Scene) {
  const names = SIZES.map(String);
  for (const size of SIZES) {
    await addUser(scene, `holder-${size}`);
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
    'list of 10 that are active': (user) => server.call('?limit=10&status=active', keyOf(user)),
    claim: (user) => server.call('/claim', keyOf(user), { fingerprint: 'print-7' }),
  };
  const rows = [];
  for (const [name, ask] of Object.entries(calls)) {
    const ways = Object.fromEntries(names.map((size) => [size, () => ask(`holder-${size}`)]));
    const turns = await takeTurns(ways, {
      calls: CALLS,
      rounds: rounds + 2,
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

/** Beside the results where these are written; a shortened run draws nothing. */
function draw(name: string, chart: string): void {
  if (process.env.BENCH_CHARTS) writeFileSync(`${process.env.BENCH_CHARTS}/${name}.svg`, chart);
}

async function benchGrowth(): Promise<void> {
  const scene = await setScene();
  const server = await scene.open('bun', scene.database.url, { MAX_OPEN_UPLOADS: '1000000' });
  await fill(scene.database.admin(), 10_000);
  await addUser(scene, 'grower');
  const parts = await byParts(server, scene);
  const open = await byOpen(server, scene);
  await server.stop();
  await scene.stop();

  const both = ({ server, postgres }: Costs) => server + postgres;
  const digits = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  console.log(
    tableOf(
      [
        'µs of the processor a part: server + PostgreSQL',
        ...places.map((place) => `${place} parts`),
        'the most over the first',
      ],
      parts.map(({ phase, sizes }) => [
        phase,
        ...sizes.map(
          (taken) =>
            `${digits(median(taken.map(({ server }) => server)))} + ${digits(median(taken.map(({ postgres }) => postgres)))}`,
        ),
        spread(ratios(sizes.at(-1)!.map(both), sizes[0]!.map(both)), 2),
      ]),
    ),
  );
  console.log(
    tableOf(
      ['µs of the processor a call', ...places.map((place) => `${place} open`), 'the most over the least', 'p50, ms'],
      open.map(({ name, turns }) => [
        name,
        ...turns.map((taken) => spread(costs(taken), 0)),
        spread(ratios(costs(turns.at(-1)!), costs(turns[0]!)), 2),
        turns
          .map((taken) =>
            quantile(
              taken.flatMap(({ latencies }) => latencies),
              0.5,
            ).toFixed(1),
          )
          .join(' / '),
      ]),
    ),
  );
  draw(
    'parts',
    lineChart({
      title: 'Control calls of one upload: processor time of server and PostgreSQL for each part',
      along: 'parts of the upload',
      places,
      unit: 'µs',
      series: parts.map(({ phase, sizes }) => ({ name: phase, values: sizes.map((taken) => median(taken.map(both))) })),
    }),
  );
  draw(
    'open',
    lineChart({
      title: 'Calls of one user: processor time of server and PostgreSQL for each call',
      along: 'sessions that the user has open',
      places,
      unit: 'µs',
      series: open.map(({ name, turns }) => ({ name, values: turns.map((taken) => median(costs(taken))) })),
    }),
  );
}

await benchGrowth();

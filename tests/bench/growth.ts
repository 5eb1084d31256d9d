/**
 * What grows: the control calls of one upload by its parts, and the calls of one user by the sessions that are open
 * already. Costs are processor time of the server and of PostgreSQL together; the bucket's own is not in them.
 */
import { writeFileSync } from 'node:fs';
import { lineChart } from './chart.ts';
import { byHoles } from './holes.ts';
import { byOpen } from './open.ts';
import { byParts, type Costs } from './parts.ts';
import { costs, median, quantile, ROUNDS, ratios, spread, type Turn } from './rounds.ts';
import { fill, onScene, type Scene } from './scene.ts';
import { tableOf } from './table.ts';

const SIZES = [10, 100, 1000, 10_000].filter((size) => size <= Number(process.env.BENCH_MOST ?? 10_000));
const CALLS = Number(process.env.BENCH_CALLS ?? 25);
const rounds = Math.min(ROUNDS, 3);

const told = (size: number) => size.toLocaleString('en');
const places = SIZES.map(told);
const both = ({ server, postgres }: Costs) => server + postgres;
const digits = (value: number) => value.toFixed(value < 10 ? 1 : 0);
const latencyOf = (turns: Turn[]) =>
  quantile(
    turns.flatMap(({ latencies }) => latencies),
    0.5,
  );

/** Beside the results where these are written; a shortened run draws nothing. */
function draw(name: string, chart: string): void {
  if (process.env.BENCH_CHARTS) writeFileSync(`${process.env.BENCH_CHARTS}/${name}.svg`, chart);
}

function tellCalls(columns: string[], rows: { name: string; turns: Turn[][] }[]): void {
  console.log(
    tableOf(
      ['µs of the processor a call', ...columns, 'the most over the least', 'p50, ms'],
      rows.map(({ name, turns }) => [
        name,
        ...turns.map((taken) => spread(costs(taken), 0)),
        spread(ratios(costs(turns.at(-1)!), costs(turns[0]!)), 2),
        turns.map((taken) => latencyOf(taken).toFixed(1)).join(' / '),
      ]),
    ),
  );
}

async function benchGrowth(scene: Scene): Promise<void> {
  const server = await scene.open('bun', scene.database.url, { MAX_OPEN_UPLOADS: '1000000' });
  await fill(scene.database.admin(), 10_000);
  const parts = await byParts(server, scene, SIZES, rounds);
  const rules = { calls: CALLS, rounds: rounds + 2 };
  const open = await byOpen(server, scene, SIZES, rules);
  const large = SIZES.filter((size) => size > 10);
  const holes = await byHoles(server, scene, large, rules);
  await server.stop();

  console.log(
    tableOf(
      [
        'µs of the processor a part: server + PostgreSQL',
        ...places.map((place) => `${place} parts`),
        'the most over the first',
      ],
      parts.map(({ phase, taken }) => [
        phase,
        ...taken.map(
          (taken) =>
            `${digits(median(taken.map(({ server }) => server)))} + ${digits(median(taken.map(({ postgres }) => postgres)))}`,
        ),
        spread(ratios(taken.at(-1)!.map(both), taken[0]!.map(both)), 2),
      ]),
    ),
  );
  tellCalls(
    places.map((place) => `${place} open`),
    open,
  );
  tellCalls(
    large.map((size) => `${told(size)} parts`),
    holes,
  );
  draw(
    'parts',
    lineChart({
      title: 'Control calls of one upload: processor time of server and PostgreSQL for each part',
      along: 'parts of the upload',
      places,
      unit: 'µs',
      series: parts.map(({ phase, taken }) => ({ name: phase, values: taken.map((taken) => median(taken.map(both))) })),
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

await onScene(benchGrowth);

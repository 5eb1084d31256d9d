/**
 * `npm run bench:visit`: what a file costs that is picked with 1, 10, 100 and 1,000 others at once, by every uploader of the fault
 * matrix, over an open loopback; the files have 64 KiB, so that their bytes stay out of it. `npm run bench:visit uppy` runs those that
 * have one of these words in their name. With `--write` and no word the table and the chart go into RESULTS.md. BENCH_ROUNDS (3)
 * and BENCH_MOST (1,000 files) make it shorter. Exits with 1 where something broke.
 */
import { writeFileSync } from 'node:fs';
import { UPLOADERS, type Uploader, versionsOf } from '../faults/matrix/uploaders.ts';
import { lineChart } from './chart.ts';
import { openContest } from './contest.ts';
import { type Job, LINES } from './jobs.ts';
import { median, spread } from './rounds.ts';
import { commandOf, HOME, publish } from './section.ts';
import { tableOf } from './table.ts';
import type { Taken } from './turn.ts';

const SIZE = 64 * 2 ** 10;
const GiB = 2 ** 30;
const MOST = Number(process.env.BENCH_MOST ?? 1000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const VISITS = [1, 10, 100, 1000].filter((count) => count <= MOST);

const given = process.argv.slice(2);
const write = given.includes('--write');
const words = given.filter((word) => word !== '--write').map((word) => word.toLowerCase());
const wanted = UPLOADERS.filter(
  ({ title }) => !words.length || words.some((word) => title.toLowerCase().includes(word)),
);
if ((write && words.length) || !wanted.length) {
  console.error(
    wanted.length ? '--write is for all of them: leave the words out, or --write.' : 'Nobody has that name.',
  );
  process.exit(2);
}

const jobOf = (count: number): Job => {
  const title = `${count} × 64 KiB`;
  return { name: title, title, count, size: SIZE, latency: 0 };
};

const contest = await openContest();
const taken = new Map<Uploader, Taken[][]>(wanted.map((uploader) => [uploader, []]));
for (const count of VISITS)
  for (const [uploader, turns] of await contest.compete(LINES[0]!, jobOf(count), [...taken.keys()], ROUNDS))
    taken.get(uploader)!.push(turns);
await contest.stop();
const whole = [...taken].filter(([, visits]) => visits.length === VISITS.length);

const MEASURES: [what: string, unit: (taken: Taken, count: number) => number, digits: number][] = [
  ['ms a file', ({ time }, count) => time / count, 1],
  ['processor ms of the browser a file', ({ processor }) => (processor * 1000 * SIZE) / GiB, 1],
  ['control requests a file', ({ calls }) => calls, 2],
  ['renderer, MiB more', ({ renderer }) => renderer, 0],
];
const places = VISITS.map((count) => count.toLocaleString('en'));
const tables = MEASURES.map(([what, of, digits]) =>
  tableOf(
    [what, ...places.map((place, at) => `${place} ${VISITS[at] === 1 ? 'file' : 'files'}`)],
    whole.map(([{ title }, visits]) => [
      title,
      ...visits.map((turns, at) =>
        spread(
          turns.map((turn) => of(turn, VISITS[at]!)),
          digits,
        ),
      ),
    ]),
  ),
);
console.log(`\n${tables.join('\n')}`);

if (write && !contest.broken) {
  const versions = `Rounds that count: ${ROUNDS}; ${[...new Set(wanted.flatMap(versionsOf))].join(', ')}.`;
  publish('visit', commandOf('bench:visit', ['--', '--write']), [versions, '![](visit.svg)', ...tables].join('\n\n'));
  const chart = {
    title: 'Files of 64 KiB that were picked together: time for each',
    along: 'files of the visit',
    places,
    unit: 'ms',
    series: whole
      // Begun and ended by others than an open one's.
      .filter(([{ closed }]) => !closed)
      .map(([{ title: name }, visits]) => ({
        name,
        values: visits.map((turns, at) => median(turns.map(({ time }) => time / VISITS[at]!))),
      })),
  };
  writeFileSync(`${HOME}/visit.svg`, lineChart(chart));
}
process.exit(contest.broken ? 1 : 0);

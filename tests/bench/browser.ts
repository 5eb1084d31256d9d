/**
 * `npm run bench:browser`: every uploader of the fault matrix in a browser of its own sends one large file, forty photos and one
 * small file over an open loopback and over a wire of 100 MB/s, by turns. `npm run bench:browser 512 uppy` runs what has all of
 * these words in its title, and the bare loop, which all are compared with. With `--write` and no word the tables and the chart go
 * into RESULTS.md. BENCH_ROUNDS (7) and BENCH_SCALE (1; 0.05 makes all files a twentieth) make it shorter. Exits with 1 where something broke.
 */
import { writeFileSync } from 'node:fs';
import { UPLOADERS, type Uploader, versionsOf } from '../faults/matrix/uploaders.ts';
import { barChart } from './bars.ts';
import { isBare, openContest } from './contest.ts';
import { JOBS, type Job, LINES, type Line } from './jobs.ts';
import { ROUNDS, ratios, spread } from './rounds.ts';
import { commandOf, HOME, publish } from './section.ts';
import { tableOf } from './table.ts';
import type { Taken } from './turn.ts';

const given = process.argv.slice(2);
const write = given.includes('--write');
const words = given.filter((word) => word !== '--write').map((word) => word.toLowerCase());

const isWanted = (line: Line, job: Job, uploader: Uploader) => {
  const title = `${line.title}: ${job.name}: ${uploader.title}`.toLowerCase();
  return words.every((word) => title.includes(word));
};

if (write && words.length) {
  console.error('--write is for all of them: leave the words out, or --write.');
  process.exit(2);
}
if (!LINES.some((line) => JOBS.some((job) => UPLOADERS.some((uploader) => isWanted(line, job, uploader))))) {
  console.error(`Nothing has ${words.join(' and ')} in its title.`);
  process.exit(2);
}

interface Result {
  uploader: Uploader;
  turns: Taken[];
  /** Of its times over the bare loop's in the same rounds. */
  ratios: number[];
}

const COLUMNS = [
  'files',
  'uploader',
  'time over the bare loop’s',
  'ms',
  'ms to the first byte',
  'ms to “safe to close”',
  'control requests a file',
  'bytes of their bodies a file',
  'renderer, MiB more',
  'browser process, MiB more',
  'processor s per GiB',
];

function rowOf({ title }: Job, { uploader, turns, ratios }: Result): string[] {
  const all = (name: keyof Taken, digits: number) => {
    const numbers = turns.flatMap((taken) => taken[name] ?? []);
    const told = new Set(numbers.map((number) => number.toFixed(digits)));
    return told.size > 1 ? spread(numbers, digits) : ([...told][0] ?? '–');
  };
  return [
    title,
    uploader.title,
    spread(ratios, 2),
    all('time', 0),
    all('firstByte', 0),
    all('safe', 0),
    all('calls', 1),
    all('callBytes', 0),
    all('renderer', 0),
    all('browser', 0),
    all('processor', 1),
  ];
}

const contest = await openContest();

async function compete(line: Line, job: Job, uploaders: Uploader[]): Promise<Result[]> {
  const turns = await contest.compete(line, job, uploaders, ROUNDS);
  const bare = [...turns].find(([uploader]) => isBare(uploader))?.[1];
  if (!bare) return [];
  return [...turns].map(([uploader, taken]) => {
    const base = bare.map(({ time, sending }) => (uploader.closed ? sending : time));
    const times = taken.map(({ time }) => time);
    return { uploader, turns: taken, ratios: ratios(times, base) };
  });
}

const printed: string[] = [];
const groups: { name: string; bars: { name: string; values: number[] }[] }[] = [];
for (const line of LINES) {
  const rows: string[][] = [];
  for (const job of JOBS) {
    const wanted = UPLOADERS.filter((uploader) => isWanted(line, job, uploader));
    if (!wanted.length) continue;
    const results = await compete(
      line,
      job,
      UPLOADERS.filter((it) => isBare(it) || wanted.includes(it)),
    );
    rows.push(...results.map((result) => rowOf(job, result)));
    const bars = results.flatMap(({ uploader, ratios }) =>
      isBare(uploader) ? [] : { name: uploader.title, values: ratios },
    );
    groups.push({ name: `${job.title}, ${line.title}`, bars });
  }
  if (!rows.length) continue;
  printed.push(`### ${line.title[0]!.toUpperCase()}${line.title.slice(1)}`, tableOf(COLUMNS, rows));
  console.log(`\n${printed.slice(-2).join('\n\n')}`);
}
await contest.stop();

if (write && !contest.broken) {
  const versions = `Rounds that count: ${ROUNDS}; ${[...new Set(UPLOADERS.flatMap(versionsOf))].join(', ')}.`;
  const body = [versions, '![](browser.svg)', ...printed].join('\n\n');
  publish('browser', commandOf('bench:browser', ['--', '--write']), body);
  writeFileSync(`${HOME}/browser.svg`, barChart({ title: 'Time over the bare loop’s', one: 'bare loop', groups }));
}
process.exit(contest.broken ? 1 : 0);

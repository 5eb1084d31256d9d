/**
 * `npm run bench:browser`: every uploader of the fault matrix in a browser of its own sends one large file, forty photos and one
 * small file over an open loopback and over a wire of 100 MB/s, by turns. `npm run bench:browser 512 uppy` runs what has all of
 * these words in its title, and the bare loop, which all are compared with. With `--write` and no word the tables and the chart go
 * into RESULTS.md. BENCH_ROUNDS (7) and BENCH_SCALE (1; 0.05 makes all files a twentieth) make it shorter. Exits with 1 where something broke.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Scene, setScene } from '../faults/matrix/scene.ts';
import { startSite } from '../faults/matrix/site.ts';
import { UPLOADERS, type Uploader, versionsOf } from '../faults/matrix/uploaders.ts';
import { installChromium, installPeers } from '../install.ts';
import { ROOT } from '../runtime.ts';
import { embeddedStore } from '../store.ts';
import { barChart } from './bars.ts';
import { conditionsOf, filesOf, JOBS, type Job, LINES, type Line, latencyOf } from './jobs.ts';
import { ROUNDS, ratios, spread } from './rounds.ts';
import { withSection } from './section.ts';
import { tableOf } from './table.ts';
import { type Taken, takeTurn } from './turn.ts';

const HOME = `${ROOT}tests/bench`;
const given = process.argv.slice(2);
const write = given.includes('--write');
const words = given.filter((word) => word !== '--write').map((word) => word.toLowerCase());

const isBare = ({ id }: Uploader) => id === 'bare';
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

let broken = 0;
const broke = (what: string, error: unknown) => {
  broken++;
  console.error(`${what} broke:`, error);
};

for (const installed of [await installChromium(), await installPeers()])
  if (!installed.ok) {
    console.error(installed.why);
    process.exit(1);
  }
const store = await embeddedStore();
const site = await startSite(Object.fromEntries(UPLOADERS.map((uploader) => [uploader.id, uploader])));
const folder = mkdtempSync(join(tmpdir(), 'partway-bench-'));

/** All uploaders by turns; one that breaks is out of it. */
async function compete(line: Line, job: Job, uploaders: Uploader[]): Promise<Result[]> {
  const files = await filesOf(job, folder);
  const scenes = new Map<Uploader, Scene>();
  const turns = new Map<Uploader, Taken[]>(uploaders.map((uploader) => [uploader, []]));
  const attempt = (uploader: Uploader, work: () => Promise<unknown>) =>
    work().catch((error) => {
      turns.delete(uploader);
      broke(`${line.title}: ${job.title}: ${uploader.title}`, error);
    });
  for (const uploader of uploaders)
    await attempt(uploader, async () => {
      const scene = await setScene(uploader, conditionsOf(line), { store, site });
      scene.web.set({ latency: latencyOf(line, job) });
      scenes.set(uploader, scene);
    });
  // The first round warms caches and connections up.
  for (let round = 0; round <= ROUNDS; round++)
    for (const [uploader, taken] of [...turns])
      await attempt(uploader, async () => {
        const turn = await takeTurn(scenes.get(uploader)!, files);
        console.error(`  ${line.title}: ${job.title}: ${uploader.title}: ${turn.time.toFixed(0)} ms`);
        if (round) taken.push(turn);
      });
  for (const scene of scenes.values()) await scene.stop().catch((error) => broke('the end of a scene', error));
  for (const { path } of files) rmSync(path);

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
site.stop();
await store.stop();
rmSync(folder, { recursive: true });

if (write && !broken) {
  const settings = Object.entries(process.env).flatMap(([name, value]) =>
    /^BENCH_(ROUNDS|SCALE)$/.test(name) ? `${name}=${value}` : [],
  );
  const command = [...settings, 'npm run bench:browser -- --write'].join(' ');
  const versions = UPLOADERS.flatMap(versionsOf);
  const origin = `\`${command}\`; rounds that count: ${ROUNDS}; ${cpus().length} cores, load averages at the end ${loadavg()
    .map((figure) => figure.toFixed(0))
    .join(', ')}; ${[...new Set(versions)].join(', ')}.`;
  const page = readFileSync(`${HOME}/RESULTS.md`, 'utf8');
  const body = [origin, '![](browser.svg)', ...printed].join('\n\n');
  writeFileSync(`${HOME}/RESULTS.md`, withSection(page, 'browser', body));
  writeFileSync(`${HOME}/browser.svg`, barChart({ title: 'Time over the bare loop’s', one: 'bare loop', groups }));
  Bun.spawnSync([`${ROOT}node_modules/.bin/biome`, 'format', '--write', `${HOME}/RESULTS.md`]);
}
process.exit(broken ? 1 : 0);

/**
 * `npm run faults`: every uploader through every interruption, each in a Chromium, over a bucket and lines of its own; writes
 * `RESULTS.md` and `matrix.svg`. `npm run faults -- 'uppy 5' 'tab closed'` runs and prints the cells whose title holds one of these.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { findChrome } from '../browser/executable.ts';
import { installChromium, installPeers } from '../install.ts';
import { embeddedStore } from '../store.ts';
import { type Row, runCell } from './matrix/cell.ts';
import { drawChart } from './matrix/chart.ts';
import { BASELINES, INTERRUPTIONS } from './matrix/interruptions.ts';
import { tellResults, tellRow } from './matrix/results.ts';
import { startSite } from './matrix/site.ts';
import { UPLOADERS, versionsOf } from './matrix/uploaders.ts';

/** Most of a cell is waiting. */
const LANES = Number(process.env.FAULTS_LANES ?? 2);
const wanted = process.argv.slice(2).map((word) => word.toLowerCase());

function versions(): string[] {
  const chrome = spawnSync(findChrome()!, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const machine = `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${LANES} cells at a time`;
  return [
    `${chrome}, Bun ${Bun.version}; ${machine}`,
    ...UPLOADERS.map((uploader) => ({ uploader, packages: versionsOf(uploader) }))
      .filter(({ packages }) => packages.length)
      .map(({ uploader, packages }) => `${uploader.title}: ${packages.join(', ')}`),
  ];
}

for (const installed of [await installChromium(), await installPeers()])
  if (!installed.ok) {
    console.error(installed.why);
    process.exit(1);
  }

const cells = [...BASELINES, ...INTERRUPTIONS]
  .flatMap((interruption) =>
    UPLOADERS.filter(
      (uploader) =>
        !interruption.spares?.({ uploader }) && (INTERRUPTIONS.includes(interruption) || uploader.id === 'bare'),
    ).map((uploader) => ({ uploader, interruption })),
  )
  .filter(({ uploader, interruption }) => {
    const title = `${uploader.title}: ${interruption.title}`.toLowerCase();
    return !wanted.length || wanted.some((word) => title.includes(word));
  });

const store = await embeddedStore();
const site = await startSite(Object.fromEntries(UPLOADERS.map((uploader) => [uploader.id, uploader])));
const startedAt = performance.now();
const rows: Row[] = [];
let broken = 0;
const queue = cells.values();
const lane = async () => {
  for (const { uploader, interruption } of queue)
    try {
      const row = await runCell(uploader, interruption, { store, site });
      rows.push(row);
      console.log(tellRow(rows, row));
    } catch (error) {
      broken++;
      console.error(`${uploader.title}: ${interruption.title}: the cell itself broke:`, error);
    }
};
await Promise.all(Array.from({ length: LANES }, lane));
site.stop();
await store.stop();

const minutes = (performance.now() - startedAt) / 60_000;
console.log(`${rows.length} cells in ${minutes.toFixed(1)} minutes, ${broken} broken`);
if (!wanted.length && !broken) {
  const place = ({ interruption, uploader }: Row) =>
    cells.findIndex((cell) => cell.interruption.title === interruption && cell.uploader.title === uploader);
  const ordered = rows.toSorted((one, other) => place(one) - place(other));
  const room = new URL('./', import.meta.url).pathname;
  writeFileSync(`${room}RESULTS.md`, tellResults(ordered, { minutes, versions: versions() }));
  writeFileSync(`${room}matrix.svg`, drawChart(ordered));
}
process.exit(broken ? 1 : 0);

/** What is sent in the browser bench, and over what. */

import { join } from 'node:path';
import { type RandomFile, randomFile } from '../bytes.ts';
import type { Conditions } from '../faults/matrix/conditions.ts';

const MiB = 2 ** 20;
/** The smaller the files, the sooner it is over, and the less it says. */
const SCALE = Number(process.env.BENCH_SCALE ?? 1);

export interface Job {
  /** As it is without a scale. */
  name: string;
  title: string;
  count: number;
  /** Bytes of each file. */
  size: number;
  /** Milliseconds before each call of the uploader's own server, where the wire is not open. */
  latency: number;
}

const job = (count: number, mebibytes: number, latency = 0): Job => {
  const titleOf = (each: number) => `${count} × ${Number(each.toFixed(2))} MiB`;
  return {
    name: titleOf(mebibytes),
    title: titleOf(mebibytes * SCALE),
    count,
    size: Math.ceil(mebibytes * MiB * SCALE),
    latency,
  };
};

export const JOBS: Job[] = [job(1, 512), job(40, 3, 50), job(1, 5)];

export interface Line {
  title: string;
  bytesPerSecond: number;
  /** Whether the server is as far away as the job says. */
  far: boolean;
}

export const LINES: Line[] = [
  { title: 'open loopback', bytesPerSecond: Number.POSITIVE_INFINITY, far: false },
  { title: 'wire of 100 MB/s', bytesPerSecond: 100e6, far: true },
];

/** What a scene is set for; its own file is not the one that is sent. */
export const conditionsOf = ({ bytesPerSecond }: Line): Conditions => ({ fileSize: 1, bytesPerSecond, latency: 0 });

export const latencyOf = (line: Line, { latency }: Job): number => (line.far ? latency : 0);

export const filesOf = ({ count, size }: Job, folder: string): Promise<RandomFile[]> =>
  Promise.all(
    Array.from({ length: count }, (_, place) => randomFile(join(folder, `photo ${count} ${place}.jpg`), size)),
  );

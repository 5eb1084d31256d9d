/** One uploader, one interruption: what came of it. */

import type { TestStore } from '../../store.ts';
import type { Seen } from '../proxy.ts';
import { type Interruption, SLOW, USUAL } from './interruptions.ts';
import { type Act, accompany, pick } from './person.ts';
import { type Scene, setScene } from './scene.ts';
import type { Site } from './site.ts';
import type { Uploader } from './uploaders.ts';

export interface Row {
  uploader: string;
  interruption: string;
  /** Byte for byte in the bucket, or in the folder of a server that keeps files itself. */
  arrived: 'yes' | 'no' | 'wrong bytes';
  acts: Act[];
  /** Bytes that the proxy took off the browser, over those of the file. */
  ratio: number;
  /** From the pick, or from the tab's end, until it was there; undefined if it never was. */
  seconds: number | undefined;
  falselyDone: boolean;
  /** The most requests with bytes of the file that were under way at once. */
  inFlight: number;
  /** Of the bare loop, and on the slow line: what times are compared with. */
  bare: boolean;
  slow: boolean;
}

const LIMIT_MS = 60_000;

const endOf = ({ finishedAt, brokenAt }: Seen) => finishedAt ?? brokenAt ?? Number.POSITIVE_INFINITY;

function mostAtOnce(sent: Seen[]): number {
  const beside = ({ startedAt }: Seen) =>
    sent.filter((other) => other.startedAt <= startedAt && endOf(other) > startedAt).length;
  return Math.max(0, ...sent.map(beside));
}

/**
 * The file is picked, and the tab closed as soon as the page says that it may be; nothing has gone up by then. Resolves to false where it
 * says that there is no room for that: then the tab stays.
 */
async function leave(scene: Scene): Promise<boolean> {
  const release = scene.line.hold(({ method }) => method === 'PUT');
  await pick(scene);
  await scene.page!.waitFor(`uploader.leave() !== 'not yet'`, {
    limit: 30_000,
    what: 'the page to say "safe to close"',
  });
  const mayGo = (await scene.page!.evaluate('uploader.leave()')) === 'yes';
  if (mayGo) {
    await scene.line.waitFor(() => scene.sent().some(({ held }) => held), { what: 'the first part to begin' });
    const goneAt = performance.now();
    await scene.page!.close();
    scene.page = undefined;
    await scene.line.waitFor(() => scene.sent().some(({ startedAt }) => startedAt > goneAt), {
      what: 'the worker to go on',
    });
  }
  release();
  return mayGo;
}

export async function runCell(
  uploader: Uploader,
  interruption: Interruption,
  world: { store: TestStore; site: Site },
): Promise<Row> {
  const scene = await setScene(uploader, interruption.conditions ?? USUAL, world);
  const { limit = LIMIT_MS } = interruption;
  try {
    await scene.open();
    await interruption.before?.(scene);
    let begunAt = performance.now();
    let stays = true;
    if (uploader.closed) {
      stays = !(await leave(scene));
      begunAt = performance.now();
    } else await pick(scene);

    const gone = () => scene.sent().reduce((sum, { bytes }) => sum + bytes, 0);
    const half = () => scene.line.waitFor(() => gone() >= scene.file.size / 2, { limit, what: 'half of the file' });
    let over = !interruption.strike;
    const struck = interruption.strike && half().then(() => interruption.strike!(scene));
    void struck?.then(
      () => {
        over = true;
      },
      () => {},
    );
    const { acts, falselyDone, endedAt } = await accompany(scene, () => over, limit);
    await struck;

    const files = await scene.finished();
    const whole = files.some(({ sha256 }) => sha256 === scene.file.sha256);
    return {
      uploader: uploader.title,
      interruption: interruption.title,
      arrived: whole ? 'yes' : files.length ? 'wrong bytes' : 'no',
      acts: [...(uploader.closed && stays ? (['keep the tab open'] as const) : []), ...acts],
      ratio: scene.sent().reduce((sum, { taken }) => sum + taken, 0) / scene.file.size,
      seconds: endedAt && (endedAt - begunAt) / 1000,
      falselyDone,
      inFlight: mostAtOnce(scene.sent()),
      bare: uploader.id === 'bare',
      slow: interruption.conditions === SLOW,
    };
  } finally {
    await scene.stop();
  }
}

/** One uploader, one interruption: what came of it. */

import type { TestStore } from '../../store.ts';
import type { Predicate, Seen } from '../proxy.ts';
import type { Conditions } from './conditions.ts';
import { conditionsOf, type Interruption, isCalm } from './interruptions.ts';
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
  conditions: Conditions;
  /** The bare loop's on a calm line: what the times of others under these conditions are compared with. */
  isBase: boolean;
}

const LIMIT_MS = 60_000;

const endOf = ({ finishedAt, brokenAt }: Seen) => finishedAt ?? brokenAt ?? Number.POSITIVE_INFINITY;

function mostAtOnce(sent: Seen[]): number {
  const beside = ({ startedAt }: Seen) =>
    sent.filter((other) => other.startedAt <= startedAt && endOf(other) > startedAt).length;
  return Math.max(0, ...sent.map(beside));
}

/** The file is picked, and the tab closed as soon as the page says that it may be; nothing has gone up by then. */
async function leave(scene: Scene): Promise<void> {
  const isPut: Predicate = ({ method }) => method === 'PUT';
  let goneAt = Number.POSITIVE_INFINITY;
  const release = scene.line.hold(isPut);
  // What the tab had left in the kernel's buffers would go up after its end.
  scene.line.harm((seen) => isPut(seen) && seen.startedAt < goneAt, 'reset', 0);
  await pick(scene);
  await scene.page!.waitFor('uploader.mayClose()', { limit: 30_000, what: 'the page to say "safe to close"' });
  await scene.line.waitFor(() => scene.sent().some(({ held }) => held), { what: 'the first part to begin' });
  goneAt = performance.now();
  await scene.page!.close();
  scene.page = undefined;
  await scene.line.waitFor(() => scene.sent().some(({ startedAt }) => startedAt > goneAt), {
    what: 'the worker to go on',
  });
  release();
}

export async function runCell(
  uploader: Uploader,
  interruption: Interruption,
  world: { store: TestStore; site: Site },
): Promise<Row> {
  const conditions = conditionsOf(interruption);
  const scene = await setScene(uploader, conditions, world);
  const { limit = LIMIT_MS } = interruption;
  try {
    await scene.open();
    await interruption.before?.(scene);
    await (uploader.closed ? leave : pick)(scene);
    const begunAt = performance.now();

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
      acts,
      ratio: scene.sent().reduce((sum, { taken }) => sum + taken, 0) / scene.file.size,
      seconds: endedAt && (endedAt - begunAt) / 1000,
      falselyDone,
      inFlight: mostAtOnce(scene.sent()),
      conditions,
      isBase: uploader.id === 'bare' && isCalm(interruption),
    };
  } finally {
    await scene.stop();
  }
}

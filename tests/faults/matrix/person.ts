/** The one who wants the file to arrive: does what the page asks for, and no more. */

import type { Situation } from './page.ts';
import type { Scene } from './scene.ts';

export type Act = 'open' | 'reload' | 'pick again' | 'retry';

const LOOK_MS = 100;
/** Nobody acts faster on what they see. */
const READING_MS = 2000;
/** The share of the whole time that nothing moves before they look after it: open the page where no tab is, reload it where it stands still. */
const PATIENCE = 1 / 3;
const CLICKS = 5;

export interface Outcome {
  acts: Act[];
  /** The page said "done" when there was no such file. */
  falselyDone: boolean;
  /** `performance.now()` when the file was there and, if a tab is open, when that said so; undefined if that never was. */
  endedAt: number | undefined;
}

/** Has the page pick the file. */
export async function pick({ page, file }: Scene): Promise<void> {
  await page!.setFiles('input', [file.path]);
  await page!.evaluate(`uploader.pick(document.querySelector('input').files[0])`);
}

/** Changes whenever anything passes on either line. */
const movement = ({ wire, web }: Scene): string =>
  [wire, web].map(({ requests }) => `${requests.length} ${requests.reduce((sum, { taken }) => sum + taken, 0)}`).join();

/** Stays until the file has arrived or `limit` ms are past; nobody tries anything before what has struck is over. */
export async function accompany(scene: Scene, over: () => boolean, limit: number): Promise<Outcome> {
  const deadline = performance.now() + limit;
  const acts: Act[] = [];
  let seen: { situation: Situation | undefined; since: number } = { situation: undefined, since: performance.now() };
  let moved = { what: movement(scene), at: performance.now() };
  const clicks = () => acts.filter((act) => act === 'retry').length;

  /** What they do who see this for so long; undefined where they wait. */
  function wish(situation: Situation | undefined, ms: number): Act | undefined {
    if (!over()) return undefined;
    if (situation === 'asks for the file') return ms > READING_MS ? 'pick again' : undefined;
    if (situation === 'asks for a click') return ms > READING_MS && clicks() < CLICKS ? 'retry' : undefined;
    if (Math.min(ms, performance.now() - moved.at) < limit * PATIENCE) return undefined;
    return scene.page ? 'reload' : 'open';
  }

  async function act(what: Act): Promise<void> {
    acts.push(what);
    if (what === 'pick again') await pick(scene);
    if (what === 'retry') await scene.page!.evaluate('uploader.press()');
    if (what === 'open') await scene.open();
    if (what === 'reload') await scene.reload();
    seen = { situation: undefined, since: performance.now() };
  }

  while (performance.now() < deadline) {
    // A page that is just being reloaded has no answer.
    const situation = await scene.page?.evaluate<Situation>('uploader.situation()').catch(() => undefined);
    const now = performance.now();
    const what = movement(scene);
    if (what !== moved.what) moved = { what, at: now };
    if (situation !== seen.situation) seen = { situation, since: now };
    if (situation === 'done' || (!scene.page && over())) {
      const there = (await scene.finished()).some(({ sha256 }) => sha256 === scene.file.sha256);
      if (there) return { acts, falselyDone: false, endedAt: now };
      if (situation === 'done') return { acts, falselyDone: true, endedAt: undefined };
    }
    const wanted = wish(situation, now - seen.since);
    if (wanted) await act(wanted);
    await Bun.sleep(LOOK_MS);
  }
  return { acts, falselyDone: false, endedAt: undefined };
}

/** Uploaders of the fault matrix by turns, each in a browser of its own, over one bucket. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Scene, setScene } from '../faults/matrix/scene.ts';
import { startSite } from '../faults/matrix/site.ts';
import { UPLOADERS, type Uploader } from '../faults/matrix/uploaders.ts';
import { installChromium, installPeers } from '../install.ts';
import { embeddedStore } from '../store.ts';
import { conditionsOf, filesOf, type Job, type Line, latencyOf } from './jobs.ts';
import { type Taken, takeTurn } from './turn.ts';

export const isBare = ({ id }: Uploader): boolean => id === 'bare';

export type Contest = Awaited<ReturnType<typeof openContest>>;

/** Ends the process with 1 where a browser or a peer cannot be had. */
export async function openContest() {
  for (const installed of [await installChromium(), await installPeers()])
    if (!installed.ok) {
      console.error(installed.why);
      process.exit(1);
    }
  const store = await embeddedStore();
  const site = await startSite(Object.fromEntries(UPLOADERS.map((uploader) => [uploader.id, uploader])));
  const folder = mkdtempSync(`${tmpdir()}/partway-bench-`);
  let broken = 0;
  const broke = (what: string, error: unknown) => {
    broken++;
    console.error(`${what} broke:`, error);
  };

  return {
    /** How many turns, or ends of scenes, have broken. */
    get broken() {
      return broken;
    },
    /** What each took, round by round; an uploader that breaks is out of it. */
    async compete(line: Line, job: Job, uploaders: Uploader[], rounds: number): Promise<Map<Uploader, Taken[]>> {
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
      for (let round = 0; round <= rounds; round++)
        for (const [uploader, taken] of [...turns])
          await attempt(uploader, async () => {
            const turn = await takeTurn(scenes.get(uploader)!, files);
            console.error(`  ${line.title}: ${job.title}: ${uploader.title}: ${turn.time.toFixed(0)} ms`);
            if (round) taken.push(turn);
          });
      for (const scene of scenes.values()) await scene.stop().catch((error) => broke('the end of a scene', error));
      for (const { path } of files) rmSync(path);
      return turns;
    },
    async stop() {
      site.stop();
      await store.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

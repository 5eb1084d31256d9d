import { rm } from 'node:fs/promises';
import type { Browser, Tab } from './browser.ts';
import { finding } from './findings.ts';
import { killPostgres } from './postgres.ts';
import {
  expectArrived,
  expectNothingStoredSentAgain,
  openPage,
  pick,
  type Stage,
  type StageOptions,
  sent,
  state,
} from './stage.ts';

const MiB = 2 ** 20;

type Staged<B extends Browser> = (
  title: string,
  run: (stage: Stage<B>) => Promise<void>,
  options?: StageOptions,
) => void;

/** Picks the file and waits until the page says what may be done, with a good part of the way still ahead. */
export async function begin<T extends Tab>(
  stage: Pick<Stage, 'url' | 'wire' | 'file' | 'bytesPerSecond'> & { chrome: Browser<T> },
  mayGo: (page: Tab) => Promise<unknown>,
  share = 0.1,
): Promise<T> {
  const page = await openPage(stage);
  // However long a loaded machine takes to stage the file, little of it is sent meanwhile.
  stage.wire.set({ bytesPerSecond: MiB });
  await pick(page, stage.file.path);
  await mayGo(page);
  stage.wire.set({ bytesPerSecond: stage.bytesPerSecond });
  await sent(stage, share);
  return page;
}

/** What must hold in every engine; `mayGo` resolves when the page says that nothing would be lost with it. */
export function everywhere<B extends Browser>(staged: Staged<B>, mayGo: (page: Tab) => Promise<unknown>): void {
  staged('a picked file arrives whole and the page says done', async (stage) => {
    const page = await openPage(stage);
    await pick(page, stage.file.path);
    await state(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'a file is picked', 'arrives whole');
  });

  staged('once the page says so, the source file may vanish and the page be reloaded', async (stage) => {
    const page = await begin(stage, mayGo, 0.5);
    await rm(stage.file.path);
    await page.reload();
    await state(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'the page is reloaded, the source file deleted', 'goes on from its slices');
  });

  staged('the server and its PostgreSQL are killed and restarted, and the upload goes on', async (stage) => {
    const page = await begin(stage, mayGo, 0.5);
    await stage.server.kill();
    await killPostgres(stage.server.dataDir);
    await stage.server.restart();
    await state(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'server and database are killed', 'goes on when they are back');
  });

  staged('with two tabs each part is sent once, and the second finishes when the first is closed', async (stage) => {
    const first = await begin(stage, mayGo);
    const second = await openPage(stage);
    await sent(stage, 0.5);
    await first.close();
    await state(second, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'one of two tabs is closed', 'the other goes on with it');
  });
}

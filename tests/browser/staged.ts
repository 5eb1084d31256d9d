import { afterAll, beforeAll, test } from 'bun:test';
import { embeddedStore, type TestStore } from '../store.ts';
import { type App, startApp } from './app.ts';
import type { Browser } from './browser.ts';
import type { Chrome, LaunchOptions } from './chrome.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';

/** Tests that have a stage each, over the store of the moment; `standard` holds for all that do not say otherwise. */
export const onStages =
  <B extends Browser = Chrome>(
    store: () => TestStore,
    standard: () => StageOptions = () => ({}),
    limit?: number,
    start?: (options: LaunchOptions) => Promise<B>,
  ) =>
  (title: string, run: (stage: Stage<B>) => Promise<void>, options: StageOptions = {}): void =>
    test(
      title,
      async () => {
        const stage = await setStage<B>(store(), { ...standard(), ...options }, start);
        try {
          await run(stage);
        } finally {
          await stage.stop();
        }
      },
      limit,
    );

const FILE_SIZE = 24 * 2 ** 20;

/** For a `describe`: an app and a bucket for all of its tests, which are there when the first begins, and a stage for each. */
export function onApps(standard: StageOptions = {}) {
  const here = {} as { app: App; store: TestStore };
  beforeAll(async () => {
    here.store = await embeddedStore();
    here.app = await startApp();
  });
  afterAll(async () => {
    await here.app?.stop();
    await here.store?.stop();
  });
  const staged = onStages(
    () => here.store,
    () => ({ fileSize: FILE_SIZE, origins: [here.app.origin], ...standard }),
  );
  return { here, staged };
}

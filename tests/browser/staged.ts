import { test } from 'bun:test';
import type { TestStore } from '../store.ts';
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

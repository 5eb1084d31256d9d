import { test } from 'bun:test';
import type { TestStore } from '../store.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';

/** Tests that have a stage each, over the store of the moment; `standard` holds for all that do not say otherwise. */
export const onStages =
  (store: () => TestStore, standard: () => StageOptions = () => ({}), limit?: number) =>
  (title: string, run: (stage: Stage) => Promise<void>, options: StageOptions = {}): void =>
    test(
      title,
      async () => {
        const stage = await setStage(store(), { ...standard(), ...options });
        try {
          await run(stage);
        } finally {
          await stage.stop();
        }
      },
      limit,
    );

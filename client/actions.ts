import { callApi } from '../sw/api.ts';
import { isSettled, type UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import { UploadFailure } from './failure.ts';
import type { Files } from './files.ts';
import { compare, enlightened } from './sample.ts';

/** What a person does with an upload; each takes hold in every tab and in the worker. */
export interface Actions {
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  retry(id: string): Promise<void>;
  forget(id: string): Promise<void>;
  attach(id: string, file: File): Promise<void>;
}

/** `onChange` takes the upload's new record to whoever shows it; `onWork` is called when there is something to drive again. */
export function createActions(
  store: Store,
  files: Files,
  onChange: (id: string) => Promise<void>,
  onWork: () => void,
): Actions {
  /** Servers still being told of a pause. */
  const pausing = new Map<string, Promise<unknown>>();
  const turns = new Map<string, Promise<void>>();

  /** One after the other, as the person asked for them. */
  function inTurn(id: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(id) ?? Promise.resolve()).catch(() => {}).then(work);
    turns.set(id, turn);
    return turn;
  }

  async function change(id: string, how: (record: UploadRecord) => Partial<UploadRecord>): Promise<void> {
    await store.change(id, how);
    await onChange(id);
  }
  return {
    pause: (id) =>
      inTurn(id, async () => {
        await change(id, ({ state }) => (state === 'open' ? { paused: true, lifting: false } : {}));
        const { resumeToken, endpoint } = (await store.upload(id)) ?? {};
        // The pause holds here whether or not the server hears of it.
        if (resumeToken)
          pausing.set(
            id,
            callApi(endpoint!, 'pause', { resumeToken }, {}, AbortSignal.timeout(3000)).catch(() => {}),
          );
      }),
    resume: (id) =>
      inTurn(id, async () => {
        await pausing.get(id);
        await change(id, ({ paused }) => (paused ? { paused: false, lifting: true } : {}));
        onWork();
      }),
    async cancel(id) {
      await change(id, ({ state }) => (state === 'done' ? {} : { state: 'cancelling', paused: false }));
      onWork();
    },
    async retry(id) {
      await store.reopen(id);
      await onChange(id);
      onWork();
    },
    async forget(id) {
      const known = await store.upload(id);
      if (known && !isSettled(known)) return;
      files.drop(id);
      await store.remove(id);
      await onChange(id);
    },
    async attach(id, file) {
      const record = await store.upload(id);
      if (!record || isSettled(record)) return;
      const parts = await store.parts(record);
      const verdict = await compare(record, parts, file);
      if (verdict === 'other')
        throw new UploadFailure({ code: 'FILE_MISMATCH', message: `${file.name} is not the file that was begun.` });
      for (const part of parts) if (part.told) await store.putPart(record, enlightened(part, verdict));
      await files.keep(record, file);
      await onChange(id);
      onWork();
    },
  };
}

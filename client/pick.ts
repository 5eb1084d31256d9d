import { persistently } from '../sw/control.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import type { Actions } from './actions.ts';
import { adoptSession, keepAdopted } from './adopt.ts';
import type { Files } from './files.ts';
import type { Recognition } from './recognition.ts';
import type { Upload } from './upload.ts';
import type { Views } from './views.ts';

export interface PickDeps {
  store: Store;
  views: Views;
  files: Files;
  actions: Actions;
  recognition: Recognition;
  /** Until the client is closed, or the person wants nothing of the upload any more. */
  live(view: Upload): AbortSignal;
  /** An upload is new here: every context is told, and the worker is asked for. */
  begun(id: string): Promise<void>;
}

/** How what was picked becomes an upload: a new one, one that waits for just this file, or one that was begun elsewhere. */
export function createPicks({ store, views, files, actions, recognition, live, begun }: PickDeps) {
  /** Takes up the session of the draft's token, as soon as its server can be asked; undefined where it is cancelled before. */
  async function take(view: Upload, draft: UploadRecord, signal: AbortSignal): Promise<UploadRecord | undefined> {
    try {
      const adopted = await persistently(() => adoptSession(draft, signal), {
        signal,
        random: Math.random,
        onPhase: (phase, trouble) => view.move(0, 0, phase, trouble),
      });
      await keepAdopted(store, adopted);
      return adopted.record;
    } catch (error) {
      if (!view.unwanted.aborted) throw error;
      // Its server hears of it when it can.
      await store.add({ ...draft, state: 'cancelling' });
      return undefined;
    }
  }
  return {
    /** Shows in `view`, until now a draft, the upload of `file`: one that waits for it, or a new one. */
    async add(view: Upload, file: File): Promise<void> {
      const waiting = await recognition.waitingFor(file);
      const draft = waiting ? view.record : { ...view.record, fingerprint: await recognition.mark(view.record, file) };
      const claimed = waiting ? undefined : await recognition.claim(draft, file, live(view));
      const record = waiting?.record ?? claimed?.record ?? draft;
      if (claimed) await keepAdopted(store, claimed);
      else if (!waiting) await store.add(record);
      await views.become(view, record);
      views.introduce(view);
      if (waiting) await actions.attach(record.id, file).finally(waiting.done);
      else await files.keep(record, file, !claimed);
      // Whoever picks a file means it to go on.
      if (waiting || claimed) return actions.resume(record.id);
      await begun(record.id);
    },
    /** Shows in `view` the upload that the draft's token opens, and gives it `file`. */
    async adopt(view: Upload, draft: UploadRecord, file: File | undefined): Promise<void> {
      const known = (await store.uploads()).find(
        ({ id, resumeToken }) => id === draft.id || resumeToken === draft.resumeToken,
      );
      const signal = live(view);
      const record = known ?? (await take(view, draft, signal));
      if (!record) return;
      await views.become(view, record, file !== undefined);
      views.introduce(view);
      if (file) await actions.attach(record.id, file);
      await actions.resume(record.id);
    },
  };
}

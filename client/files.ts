import type { Bus } from '../sw/bus.ts';
import type { UploadRecord } from '../sw/record.ts';
import { stageFile } from '../sw/stage.ts';
import type { Store } from '../sw/store.ts';

/** The picked files that this page has in its hands, each being staged. */
export interface Files {
  get(id: string): File | undefined;
  /** Takes the file of `record` and stages it beside the upload. */
  keep(record: UploadRecord, file: File): Promise<void>;
  drop(id: string): void;
  /** Whether this or another open tab has the file. */
  somewhere(record: UploadRecord): Promise<boolean>;
}

const lockName = (id: string) => `partway:file:${id}`;

export function createFiles(store: Store, bus: Bus): Files {
  const kept = new Map<string, { file: File; stop: AbortController; partSize: number }>();

  function stage(record: UploadRecord, file: File): void {
    const stop = new AbortController();
    kept.get(record.id)?.stop.abort();
    kept.set(record.id, { file, stop, partSize: record.partSize });
    stageFile(store, bus, record, file, stop.signal).catch(async (error) => {
      if (stop.signal.aborted) return;
      kept.delete(record.id);
      const told = { code: 'FILE_NEEDED', message: `The file cannot be read any more (${error.name}): pick it again.` };
      await store.change(record.id, () => ({ error: told }));
      bus.post({ type: 'changed', id: record.id });
    });
  }
  async function somewhere(record: UploadRecord): Promise<boolean> {
    if (kept.has(record.id)) return true;
    const { held = [] } = await navigator.locks.query();
    return held.some((lock) => lock.name === lockName(record.id));
  }

  bus.listen(async (message) => {
    if (message.type !== 'changed') return;
    const entry = kept.get(message.id);
    if (!entry) return;
    const record = await store.upload(message.id);
    if (record?.state !== 'open') drop(message.id);
    // The server's plan is another: cut the file anew.
    else if (record.partSize !== entry.partSize) stage(record, entry.file);
  });
  function drop(id: string): void {
    kept.get(id)?.stop.abort();
    kept.delete(id);
  }

  return {
    get: (id) => kept.get(id)?.file,
    async keep(record, file) {
      await store.change(record.id, ({ error: _, ...rest }) => rest);
      stage(record, file);
      const { signal } = kept.get(record.id)!.stop;
      // Held as long as this page has the file; other tabs see it in the list of locks.
      void navigator.locks.request(
        lockName(record.id),
        () => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      );
    },
    drop,
    somewhere,
  };
}

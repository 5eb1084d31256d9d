import type { Bus } from '../sw/bus.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import { Upload, type UploadOwner } from './upload.ts';

interface Source extends UploadOwner {
  store: Store;
  bus: Bus;
  /** Whether some open tab has the record's file. */
  somewhere(record: UploadRecord): Promise<boolean>;
}

/** The `Upload` objects of one client, one for each record, kept in step with the store. */
export function createViews() {
  const views = new Map<string, Upload>();
  const watchers = new Set<(upload: Upload) => void>();
  let source: Source | undefined;

  function show(record: UploadRecord): Upload {
    const view = new Upload(record, () => source);
    views.set(record.id, view);
    for (const watcher of watchers) watcher(view);
    return view;
  }
  async function refresh({ store, somewhere }: Source, id: string): Promise<void> {
    const record = await store.upload(id);
    const view = views.get(id) ?? (record && record.state !== 'cancelling' ? show(record) : undefined);
    view?.update(record, record !== undefined && (await somewhere(record)));
    if (!record) views.delete(id);
  }

  return {
    show,
    all: () => [...views.values()],
    watch: (watcher: (upload: Upload) => void) => void watchers.add(watcher),
    /** Tells every view that circumstances outside its record changed. */
    touch() {
      for (const view of views.values()) view.dispatchEvent(new Event('change'));
    },
    /** The open upload that needs just this file to go on. */
    waitingFor: (file: File) =>
      [...views.values()].find(({ state, record }) => {
        const same =
          record.name === file.name && record.size === file.size && record.lastModified === file.lastModified;
        return same && state === 'needs-file';
      }),
    serve(from: Source) {
      source = from;
      from.bus.listen((message) => {
        if (message.type === 'changed') void refresh(from, message.id);
        if (message.type === 'progress') views.get(message.id)?.progress(message.bytes, message.phase);
      });
    },
    async load() {
      if (!source) return;
      for (const { id } of await source.store.uploads()) await refresh(source, id);
    },
  };
}

import { storedBytes } from '../server/contract/progress.ts';
import { rangesOf } from '../server/contract/ranges.ts';
import type { Bus, Trouble } from '../sw/bus.ts';
import { isSettled, type UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import { planOf } from '../sw/transit.ts';
import { Upload, type UploadOwner } from './upload.ts';

interface Source {
  store: Store;
  bus: Bus;
  /** Whether some open tab has the record's file. */
  somewhere(record: UploadRecord): Promise<boolean>;
  /** Bytes of it that the person saw on their way in an earlier visit. */
  shown(record: UploadRecord): number;
}

const NONE: ReadonlySet<Upload> = new Set();

/** The `Upload` objects of one client, kept in step with the store. */
export function createViews(owner: UploadOwner) {
  /** By the upload that they show. */
  const views = new Map<string, Set<Upload>>();
  const watchers = new Set<(upload: Upload) => void>();
  let source: Source | undefined;

  const of = (id: string): ReadonlySet<Upload> => views.get(id) ?? NONE;
  const every = () => [...views.values()].flatMap((same) => [...same]);

  function place(view: Upload, id = view.id): Upload {
    views.set(id, (views.get(id) ?? new Set()).add(view));
    return view;
  }
  const make = (record: UploadRecord) => place(new Upload(record, owner));
  function announce(view: Upload): Upload {
    for (const watcher of watchers) watcher(view);
    return view;
  }
  /** One that another tab or an earlier visit began, with what it has come to. */
  async function meet(store: Store, record: UploadRecord): Promise<void> {
    if (of(record.id).size || record.state === 'cancelling') return;
    const view = make(record);
    await count(store, view);
    announce(view);
  }
  /** Begins the view with what the bucket is known to have. */
  async function count(store: Store, view: Upload): Promise<void> {
    const stored = (await store.parts(view.record)).filter((part) => part.stored);
    const bytes = storedBytes(planOf(view.record), rangesOf(stored.map((part) => part.partNumber)));
    view.begin(Math.max(bytes, source!.shown(view.record)), stored.length);
  }
  async function refresh(id: string): Promise<void> {
    const { store, somewhere } = source!;
    const record = await store.upload(id);
    if (record) await meet(store, record);
    const atHand = record !== undefined && (await somewhere(record));
    for (const view of of(id)) view.update(record, atHand);
    if (!record) views.delete(id);
  }

  return {
    refresh,
    make,
    /** Whoever watches hears of it, unless it is one more view of an upload that they know. */
    introduce: (view: Upload) => void (of(view.id).size === 1 && announce(view)),
    all: () => [...views.values()].map((same) => [...same].at(-1)!),
    watch: (watcher: (upload: Upload) => void) => void watchers.add(watcher),
    /** Tells every view that circumstances outside its record changed. */
    touch() {
      for (const view of every()) view.touch();
    },
    /** This page hears no more of what is not settled; others go on with it. */
    interrupt(error: Trouble) {
      for (const view of every()) if (!isSettled(view.record)) view.update({ ...view.record, error }, true);
    },
    /** They are no longer this person's. */
    clear() {
      for (const view of every()) view.vanish({ code: 'SIGNED_OUT', message: 'Signed out.' });
      views.clear();
    },
    /** Shows `record` in what was the view of a draft. */
    async become(view: Upload, record: UploadRecord, atHand = true): Promise<void> {
      if (view.id !== record.id) {
        views.delete(view.id);
        place(view, record.id);
      }
      view.update(record, atHand);
      if (record.resumeToken) await count(source!.store, view);
    },
    /** Open uploads of `size` bytes that need their file to go on. */
    needing: (size: number) => every().filter((view) => view.state === 'needs-file' && view.size === size),
    serve(from: Source) {
      source = from;
      from.bus.listen((message) => {
        if (message.type === 'done') for (const view of of(message.id)) view.finish(message.object);
        if (message.type === 'changed') refresh(message.id).catch(() => {});
        if (message.type === 'stored') for (const view of of(message.id)) view.land(message.partNumber);
        if (message.type === 'short') for (const view of of(message.id)) view.lack(message.bytes);
        if (message.type !== 'progress') return;
        const { bytes, parts, phase, trouble } = message;
        for (const view of of(message.id)) view.move(bytes, parts, phase, trouble);
      });
    },
  };
}

export type Views = ReturnType<typeof createViews>;

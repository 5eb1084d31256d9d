import type { Background, State, Upload, UploadFailure } from '../index.ts';
import { make, mark } from './dom.ts';
import { factsOf } from './facts.ts';
import type { Figures } from './figures.ts';
import { type Action, Row } from './row.ts';
import type { Words } from './words.ts';

/** Milliseconds in one frame for rows that are not in sight. */
const BUDGET_MS = 8;
/** Files picked within this many milliseconds of each other stand in the order of their picking. */
const TOGETHER_MS = 1000;
/** With more rows than this nothing moves but the bars. */
const MANY = 30;

interface Entry {
  /** The upload's; one taken up by its resume token may turn out to be known by another. */
  id: string;
  upload: Upload;
  row: Row | undefined;
  state: State;
  /** What was wrong with the last thing the person wanted. */
  trouble: string;
  /** What the row shows that must never be old, in sight or not. */
  painted: string;
  listening: AbortController;
}

export interface ListContext {
  words(): Words;
  figures(): Figures;
  background(): Background;
  /** `before` is undefined when the upload is met. */
  onState(upload: Upload, before: State | undefined): void;
  /** After the page was brought up to date. */
  onPaint(): void;
  onPickAgain(upload: Upload): void;
  /** Takes the focus when the last row is gone. */
  onEmpty(): void;
}

export type List = ReturnType<typeof createList>;

/** The rows, newest pick first. They are built and brought up to date once a frame, and out of sight only when it matters. */
export function createList(context: ListContext) {
  const root = make('ul', 'list', { role: 'list' });
  const entries = new Map<string, Entry>();
  const unbuilt = new Set<Entry>();
  const dirty = new Set<Entry>();
  const near = new Set<Element>();
  let last: Entry | undefined;
  let frame = 0;

  const sight = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) near[isIntersecting ? 'add' : 'delete'](target);
      schedule();
    },
    { rootMargin: '50% 0px' },
  );

  function schedule(): void {
    frame ||= requestAnimationFrame(paint);
  }
  function paint(): void {
    frame = 0;
    const end = performance.now() + BUDGET_MS;
    for (const entry of unbuilt) {
      if (performance.now() > end) break;
      unbuilt.delete(entry);
      build(entry);
    }
    let late = false;
    for (const entry of dirty) {
      const { row, painted } = entry;
      const isNear = row && near.has(row.item);
      if (!row || (!isNear && painted === signOf(entry))) continue;
      // What is in sight comes first.
      if (isNear || performance.now() < end) show(entry, row);
      else late = true;
    }
    mark(root, 'data-many', entries.size > MANY && '');
    context.onPaint();
    if (unbuilt.size || late) schedule();
  }
  function build(entry: Entry): void {
    const row = new Row();
    entry.row = row;
    const before = last?.row?.item;
    if (before?.parentNode === root && entry.upload.addedAt - last!.upload.addedAt < TOGETHER_MS)
      before.after(row.item);
    else root.prepend(row.item);
    last = entry;
    show(entry, row);
    sight.observe(row.item);
  }
  const signOf = ({ upload, trouble }: Entry) =>
    [upload.state, upload.safeToClose, upload.record.staged, context.background(), trouble].join();

  function show(entry: Entry, row: Row): void {
    const { upload, trouble } = entry;
    dirty.delete(entry);
    entry.painted = signOf(entry);
    const facts = factsOf(upload, context.background(), context.words(), context.figures());
    const shown = { ...facts, message: trouble || facts.message, name: upload.name };
    const { percentage } = upload.progress;
    row.show(upload.state, { ...shown, percentage, safe: upload.safeToClose }, context.words());
  }
  function hear(entry: Entry): void {
    const { upload, state } = entry;
    if (upload.id !== entry.id) {
      if (entries.has(upload.id)) {
        drop(entry);
        return;
      }
      entries.delete(entry.id);
      entry.id = upload.id;
      entries.set(entry.id, entry);
    }
    if (upload.state !== state) {
      entry.state = upload.state;
      entry.trouble = '';
      context.onState(upload, state);
    }
    if (upload.state === 'cancelled') drop(entry);
    // Whoever was told may have taken the element away.
    else if (!entry.listening.signal.aborted) dirty.add(entry);
    schedule();
  }
  function drop(entry: Entry): void {
    if (entries.get(entry.id) === entry) entries.delete(entry.id);
    entry.listening.abort();
    unbuilt.delete(entry);
    dirty.delete(entry);
    const item = entry.row?.item;
    if (!item?.isConnected) return;
    sight.unobserve(item);
    near.delete(item);
    const focused = item.contains((item.getRootNode() as ShadowRoot).activeElement);
    const heir = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    if (!focused) return;
    if (heir) heir.querySelector<HTMLElement>('.end')!.focus();
    else context.onEmpty();
  }
  async function attempt(entry: Entry, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { message } = error as Error;
      const known = error as Partial<UploadFailure>;
      entry.trouble = context.words().problem({ code: '', remedy: '', goesOn: true, ...known, message });
      dirty.add(entry);
      schedule();
    }
  }
  function act(entry: Entry, action: Action): void {
    const { upload } = entry;
    if (action === 'pickAgain') context.onPickAgain(upload);
    else if (action === 'clear') void attempt(entry, () => upload.forget());
    else void attempt(entry, () => upload[action]());
  }
  root.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-action]');
    const item = button?.closest('li');
    for (const entry of entries.values())
      if (item && entry.row?.item === item) act(entry, button!.dataset.action as Action);
  });

  return {
    root,
    uploads: (): Upload[] => [...entries.values()].map(({ upload }) => upload),
    /** One that is shown already is not shown again. */
    add(upload: Upload): void {
      const { id, state } = upload;
      if (state === 'cancelled' || entries.has(id)) return;
      const listening = new AbortController();
      const entry: Entry = { id, upload, row: undefined, state, trouble: '', painted: '', listening };
      entries.set(id, entry);
      unbuilt.add(entry);
      upload.addEventListener('change', () => hear(entry), { signal: listening.signal });
      context.onState(upload, undefined);
      schedule();
    },
    /** Does `work` for the person, and says in the upload's row what was wrong with it. */
    async attempt(upload: Upload, work: () => Promise<void>): Promise<void> {
      const entry = entries.get(upload.id);
      if (entry) await attempt(entry, work);
    },
    /** Shows everything anew, in other words or another language. */
    refresh(): void {
      for (const entry of entries.values()) {
        entry.painted = '';
        dirty.add(entry);
      }
      schedule();
    },
    /** Lets go of every upload; the list may be used again. */
    clear(): void {
      for (const { listening } of entries.values()) listening.abort();
      cancelAnimationFrame(frame);
      sight.disconnect();
      for (const set of [entries, unbuilt, dirty, near]) set.clear();
      root.replaceChildren();
      last = undefined;
      frame = 0;
    },
  };
}

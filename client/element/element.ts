import type { State, Upload } from '../index.ts';
import { createAnnouncer } from './announcer.ts';
import { acceptDrops } from './dropping.ts';
import { tell } from './events.ts';
import { isAtRisk } from './facts.ts';
import { figuresIn } from './figures.ts';
import { createGuard } from './guard.ts';
import { filesOf } from './intake.ts';
import { createList } from './list.ts';
import { overall } from './overall.ts';
import { UploadProperties } from './properties.ts';
import { areSame, openSession, type Session, settingsOf } from './session.ts';
import { createSurface } from './surface.ts';
import { takeFiles } from './taking.ts';
import { english, type Words } from './words.ts';

/** States worth a word to somebody who does not see the row. */
const NEWS: readonly State[] = ['waiting', 'paused', 'done', 'failed', 'needs-file'];

/**
 * `<partway-upload endpoint="…">`: picks files and shows their uploads and those of earlier visits. While it is in a page
 * it has a client made from its settings, or uses the one it is given.
 */
export class PartwayUpload extends UploadProperties {
  #words: Words = english;
  #figures = figuresIn(undefined);
  #language: string | undefined;
  #session: Session | undefined;
  /** The uploads of earlier visits are shown. */
  #settled = false;
  #syncing = false;
  /** Whose file is being picked again. */
  #wanting: Upload | undefined;

  readonly #list = createList({
    words: () => this.#words,
    figures: () => this.#figures,
    background: () => this.#session?.client.background ?? 'stops',
    onState: (upload, before) => this.#onState(upload, before),
    onPaint: () => this.#summarise(),
    onPickAgain: (upload) => {
      this.#wanting = upload;
      this.#surface.choosers.again.click();
    },
    onEmpty: () => this.focus(),
  });
  readonly #surface = createSurface(this, this.#list.root);
  readonly #announcer = createAnnouncer(this.#surface.news, () => this.#words);
  readonly #guard = createGuard(() => {
    const { background } = this.#session?.client ?? {};
    return background !== undefined && this.uploads.some((upload) => isAtRisk(upload, background));
  });

  constructor() {
    super();
    const { zone, pick, camera, clearDone, choosers, hover } = this.#surface;
    const { files, photo, again } = choosers;
    pick.addEventListener('click', () => files.click());
    camera.addEventListener('click', () => photo.click());
    // A larger target for the mouse; the keyboard has the button.
    zone.addEventListener('click', ({ target }) => {
      if (this.#isOpen() && !(target as Element).closest('button')) files.click();
    });
    clearDone.addEventListener('click', () => {
      for (const upload of this.uploads)
        if (upload.state === 'done') void this.#list.attempt(upload, () => upload.forget());
    });
    for (const chooser of [files, photo]) chooser.addEventListener('change', () => void this.#take(emptied(chooser)));
    again.addEventListener('change', () => {
      const [file] = emptied(again);
      const upload = this.#wanting;
      if (file && upload) void this.#list.attempt(upload, () => upload.attach(file));
    });
    acceptDrops(this, { isOpen: () => this.#isOpen(), onOver: hover, onDrop: (transfer) => void this.#drop(transfer) });
  }

  /** Those that are shown, oldest first. */
  get uploads(): Upload[] {
    return this.#list.uploads();
  }
  override focus(options?: FocusOptions): void {
    this.#surface.pick.focus(options);
  }
  connectedCallback(): void {
    this.takeOver();
    this.changed();
  }
  disconnectedCallback(): void {
    this.changed();
  }
  /** Everything set in one turn is acted on together; and an element that is only moved keeps its client. */
  protected override changed(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    queueMicrotask(() => {
      this.#syncing = false;
      this.#sync();
    });
  }

  #isOpen(): boolean {
    return this.#session !== undefined && !this.disabled;
  }
  #sync(): void {
    const language = this.closest<HTMLElement>('[lang]')?.lang;
    const words = { ...english, ...this.words };
    const settings = this.isConnected ? settingsOf(this) : undefined;
    const isOther = !areSame(settings, this.#session?.settings);
    if (isOther) this.#close();
    if (language !== this.#language) this.#figures = figuresIn(language);
    if (language !== this.#language || !areEqual(words, this.#words)) this.#list.refresh();
    this.#language = language;
    this.#words = words;
    if (isOther && settings) this.#open(settings);
    if (this.isConnected && !settings) this.#surface.notify(words.noEndpoint);
    const { accept, single, capture } = this;
    this.#surface.render(words, { accept, single, capture, disabled: !this.#isOpen() });
    this.#summarise();
  }
  #open(settings: Session['settings']): void {
    this.#surface.notify('');
    try {
      const session = openSession(this, settings, (upload) => this.#list.add(upload));
      this.#session = session;
      const settle = (trouble?: Error) => {
        if (session.signal.aborted) return;
        this.#settled = !trouble;
        if (trouble) this.#surface.notify(this.#words.unavailable(trouble.message));
        else void this.#remember();
        this.#summarise();
      };
      session.ready.then(() => settle(), settle);
    } catch (error) {
      this.#surface.notify(this.#words.unavailable((error as Error).message));
    }
  }
  #close(): void {
    this.#session?.close();
    this.#session = undefined;
    this.#settled = false;
    this.#surface.remember('');
    this.#list.clear();
    this.#announcer.close();
    this.#guard.rest();
  }

  async #drop(transfer: DataTransfer): Promise<void> {
    const { files, incomplete } = await filesOf(transfer);
    await this.#take(files);
    if (incomplete) this.#complain(this.#words.unreadable);
    else if (files.length === 0) this.#complain(this.#words.emptyFolder);
  }
  async #take(files: File[]): Promise<void> {
    const session = this.#session;
    if (!session || files.length === 0) return;
    this.#surface.notify('');
    await takeFiles(files, {
      element: this,
      session,
      words: this.#words,
      onTaken: (upload) => {
        this.#list.add(upload);
        this.#announcer.news(upload.id, upload.name, this.#words.started);
      },
      onRefused: (text) => this.#complain(text),
    });
  }
  /** One line on what the last visit left, for as long as it is true. */
  async #remember(): Promise<void> {
    const session = this.#session!;
    const { goesOn, needsYou, lost } = await session.client.survivors();
    if (session.signal.aborted) return;
    const counts = [goesOn.length, needsYou.length, lost.length] as const;
    this.#surface.remember(counts.some(Boolean) ? this.#words.survivors(...counts) : '');
  }
  #complain(text: string): void {
    this.#surface.notify(text);
    this.#announcer.say(text);
  }

  #onState(upload: Upload, before: State | undefined): void {
    const { id, name, state } = upload;
    const { background } = this.#session?.client ?? {};
    if (background && isAtRisk(upload, background)) this.#guard.watch();
    tell(this, 'upload-change', { upload });
    if (before === undefined) return;
    if (this.#settled) void this.#remember();
    if (state === 'done') tell(this, 'upload-done', { upload, url: upload.url! });
    if (state === 'failed') tell(this, 'upload-failed', { upload });
    const goesOn = state === 'uploading' && (before === 'waiting' || before === 'paused');
    if (state === 'cancelled') this.#announcer.news(id, name, this.#words.removed);
    else if (goesOn || NEWS.includes(state)) this.#announcer.news(id, name, this.#words[state]);
  }
  #summarise(): void {
    const { uploads } = this;
    const done = uploads.filter(({ state }) => state === 'done').length;
    const afterwards = this.#settled ? this.#words[this.#session!.client.background] : '';
    this.#surface.summarise(overall(uploads, this.#words, this.#figures), uploads.length, done, afterwards);
    this.#guard.rest();
  }
}

/** What the person picked; the chooser forgets it, so that the same file can be picked again. */
function emptied(chooser: HTMLInputElement): File[] {
  const files = [...(chooser.files ?? [])];
  chooser.value = '';
  return files;
}

const areEqual = (some: Words, others: Words): boolean =>
  (Object.keys(some) as (keyof Words)[]).every((key) => some[key] === others[key]);

import { partRange } from '../server/contract/plan.ts';
import type { Phase, Trouble } from '../sw/bus.ts';
import type { UploadRecord } from '../sw/record.ts';
import { planOf } from '../sw/transit.ts';
import type { Actions } from './actions.ts';
import { UploadFailure } from './failure.ts';
import type { Followers } from './options.ts';
import { createSpeed } from './speed.ts';
import { percentageOf, type State, stateOf } from './state.ts';

export interface UploadResult {
  /** Address of the object. */
  url: string;
  /** Its key in the bucket. */
  fileKey: string;
  etag: string;
}

export interface UploadProgress {
  /** Parts that the bucket has, of `total`. */
  uploaded: number;
  total: number;
  /** Whole number by bytes; 100 only when the server has verified the object. */
  percentage: number;
  /** Those in flight included. */
  uploadedBytes: number;
  totalBytes: number;
  /** Smoothed; 0 where it is not known. */
  bytesPerSecond: number;
  /** Undefined where it is not known. */
  secondsLeft: number | undefined;
  resumeToken: string | undefined;
}

export interface PartComplete {
  partNumber: number;
  /** Bytes. */
  size: number;
  resumeToken: string | undefined;
}

/** What an upload needs of the client that made it. */
export interface UploadOwner {
  actions(): Promise<Actions>;
  /** Whether the worker will go on when the tab is closed. */
  canLeave(record: UploadRecord): boolean;
}

/** A promise that nobody need listen to. */
function unheard<T>() {
  const settling = Promise.withResolvers<T>();
  settling.promise.catch(() => {});
  return settling;
}

/**
 * One picked file on its way. Dispatches `change` whenever something below changes, `progress` beside it when bytes have
 * moved, and `partcomplete` (its `detail` a `PartComplete`). Awaiting it is awaiting `done`.
 */
export class Upload extends EventTarget implements PromiseLike<UploadResult> {
  /** What lies in IndexedDB; the last known where it is gone. */
  record: UploadRecord;
  /** For the client: settles when the record is in IndexedDB. */
  begun: Promise<unknown> = Promise.resolve();
  /** For the client: begins it once more, where that failed. */
  again: (() => Promise<unknown>) | undefined;
  readonly #unwanted = new AbortController();
  readonly #owner: UploadOwner;
  readonly #speed = createSpeed();
  #end = unheard<UploadResult>();
  #staged = unheard<void>();
  #gone = false;
  #phase: Phase | undefined;
  #trouble: Trouble | undefined;
  #fileAtHand = true;
  #bytes = 0;
  #parts = 0;
  #lacking = 0;

  constructor(record: UploadRecord, owner: UploadOwner) {
    super();
    this.record = record;
    this.#owner = owner;
  }

  get id(): string {
    return this.record.id;
  }
  get name(): string {
    return this.record.name;
  }
  /** Bytes. */
  get size(): number {
    return this.record.size;
  }
  /** Media type. */
  get type(): string {
    return this.record.type;
  }
  /** Milliseconds since the epoch. */
  get addedAt(): number {
    return this.record.addedAt;
  }
  get url(): string | undefined {
    return this.record.url;
  }
  /** Opens this one upload to whoever has it; undefined until the session is begun. */
  get resumeToken(): string | undefined {
    return this.record.resumeToken;
  }
  /** For the client: some open tab has the file itself. */
  get fileAtHand(): boolean {
    return this.#fileAtHand;
  }
  get state(): State {
    return stateOf(this.#gone ? undefined : this.record, { phase: this.#phase, fileAtHand: this.#fileAtHand });
  }
  /** The tab may be closed: everything unsent is on this device, and the worker can send it. */
  get safeToClose(): boolean {
    const { state, staged, paused } = this.record;
    return !this.#gone && state === 'open' && staged && !paused && this.#owner.canLeave(this.record);
  }
  /** Bytes that this device has no room for: closing the tab now would cost them. */
  get unstagedBytes(): number {
    return this.record.staged || this.record.state !== 'open' ? 0 : this.#lacking;
  }
  get progress(): UploadProgress {
    const { record } = this;
    const done = record.state === 'done';
    const uploadedBytes = done ? record.size : this.#bytes;
    const { bytesPerSecond } = this.#speed;
    return {
      uploaded: done ? record.totalParts : this.#parts,
      total: record.totalParts,
      percentage: percentageOf(record, uploadedBytes),
      uploadedBytes,
      totalBytes: record.size,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (record.size - uploadedBytes) / bytesPerSecond : undefined,
      resumeToken: record.resumeToken,
    };
  }
  /** Why it failed, what it waits for, or what it needs the person for. */
  get error(): UploadFailure | undefined {
    const { state, record } = this;
    if (record.error) return new UploadFailure(record.error);
    if (state === 'waiting' && this.#trouble) return new UploadFailure(this.#trouble, true);
    if (state !== 'needs-file') return undefined;
    return new UploadFailure({ code: 'FILE_NEEDED', message: 'Not all of the file is on this device.' });
  }
  /** Resolves once the tab may be closed; rejects where the upload ends before. */
  get staged(): Promise<void> {
    return this.#staged.promise;
  }
  /** Resolves once the server has verified the object; rejects with an `UploadFailure`. After `retry` it is another promise. */
  get done(): Promise<UploadResult> {
    return this.#end.promise;
  }

  /** Rests until `resume`, on this device and on the server. */
  pause(): Promise<void> {
    return this.#act('pause');
  }
  resume(): Promise<void> {
    return this.#act('resume');
  }
  /** Stops it everywhere and frees what the store has of it. */
  cancel(): Promise<void> {
    this.#unwanted.abort();
    return this.#act('cancel');
  }
  /** Begins a failed upload anew, with what is on this device, or with the file where it was not even written down. */
  async retry(): Promise<void> {
    const { again } = this;
    if (!again) return this.#act('retry');
    this.again = undefined;
    this.update({ ...this.record, state: 'open', error: undefined }, true);
    await again();
  }
  /** Takes a finished or failed upload off this device's list; the object stays. */
  forget(): Promise<void> {
    return this.#act('forget');
  }
  /** Gives it the file again. Rejects with an `UploadFailure` where it is another file. */
  async attach(file: File): Promise<void> {
    await this.begun;
    await (await this.#owner.actions()).attach(this.id, file);
  }
  async #act(name: 'pause' | 'resume' | 'cancel' | 'retry' | 'forget'): Promise<void> {
    await this.begun;
    await (await this.#owner.actions())[name](this.id);
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting an upload is its API
  then<A = UploadResult, B = never>(
    onDone?: ((result: UploadResult) => A | PromiseLike<A>) | null,
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.done.then(onDone, onFailed);
  }

  /** For the client: aborts when the upload is cancelled from this page. */
  get unwanted(): AbortSignal {
    return this.#unwanted.signal;
  }
  /** For the client: calls back whoever follows it. */
  follow({ signal, onProgress, onPartComplete }: Followers): void {
    if (onProgress) this.addEventListener('progress', () => onProgress(this.progress));
    if (onPartComplete)
      this.addEventListener('partcomplete', (event) => onPartComplete((event as CustomEvent<PartComplete>).detail));
    const cancel = () => void this.cancel().catch(() => {});
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel);
  }
  /** For the client: the record as it is now, undefined once it is gone. */
  update(record: UploadRecord | undefined, fileAtHand: boolean): void {
    const { state: before } = this.record;
    // Read before its end was written down, and told late.
    if (before === 'done' && record?.state === 'open') return;
    const again = before === 'failed' && record?.state === 'open';
    // Cancelled too late: it arrived all the same.
    if (again || (before === 'cancelling' && record?.state === 'done')) this.#reopen();
    this.record = record ?? this.record;
    this.#gone = record === undefined;
    this.#fileAtHand = fileAtHand;
    const { url = '', fileKey = '', etag = '' } = this.record;
    if (record?.state === 'done') this.#end.resolve({ url, fileKey, etag });
    else if (record?.state === 'failed') this.#end.reject(this.error);
    else if (this.state === 'cancelled') this.vanish({ code: 'UPLOAD_ABORTED', message: 'Cancelled.' });
    this.touch();
    if (record?.state === 'done' && before !== 'done') this.dispatchEvent(new Event('progress'));
  }
  /** For the client: its object is there. */
  finish(object: UploadResult): void {
    this.update({ ...this.record, ...object, state: 'done', staged: true, error: undefined }, true);
  }
  /** For the client: it is on this device no more. */
  vanish(why: Trouble): void {
    const failure = new UploadFailure(why);
    this.#gone = true;
    this.#end.reject(failure);
    this.#staged.reject(failure);
    this.dispatchEvent(new Event('change'));
  }
  /** For the client: what the bucket is known to have, or the person was told of, from an earlier visit. */
  begin(bytes: number, parts: number): void {
    this.#bytes = Math.min(this.size, bytes);
    this.#parts = parts;
  }
  /** For the client: what its driver says. */
  move(bytes: number, parts: number, phase: Phase, trouble?: Trouble): void {
    // Whoever follows it has had the last word.
    if (this.record.state === 'done') return;
    // A part that has to be sent again is no step back for the person.
    this.#bytes = Math.min(this.size, Math.max(this.#bytes, bytes));
    this.#parts = Math.max(this.#parts, parts);
    this.#phase = phase;
    this.#trouble = trouble;
    // There nobody drives what is not in his own hands.
    this.#fileAtHand ||= !isSecureContext;
    if (phase === 'uploading') this.#speed.add(bytes, performance.now());
    else this.#speed.stop();
    this.touch();
    this.dispatchEvent(new Event('progress'));
  }
  /** For the client: the bucket has one more part. */
  land(partNumber: number): void {
    const { size } = partRange(planOf(this.record), partNumber);
    const detail: PartComplete = { partNumber, size, resumeToken: this.resumeToken };
    this.dispatchEvent(new CustomEvent('partcomplete', { detail }));
  }
  /** For the client: this device has no room for so many of its bytes. */
  lack(bytes: number): void {
    this.#lacking = bytes;
    this.touch();
  }
  /** For the client: circumstances outside the record may have changed. */
  touch(): void {
    if (this.safeToClose || this.record.state === 'done') this.#staged.resolve();
    else if (this.record.state === 'failed') this.#staged.reject(this.error);
    this.dispatchEvent(new Event('change'));
  }
  #reopen(): void {
    this.#end = unheard();
    this.#staged = unheard();
    this.#bytes = this.#parts = this.#lacking = 0;
    this.#phase = this.#trouble = undefined;
    this.#speed.stop();
  }
}

import type { Phase } from '../sw/bus.ts';
import type { UploadRecord } from '../sw/record.ts';
import { percentageOf, type State, stateOf } from './state.ts';

/** What an upload needs of the client that made it. */
export interface UploadOwner {
  cancel(id: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** Whether the worker will go on when the tab is closed. */
  canLeave(record: UploadRecord): boolean;
}

export interface UploadResult {
  /** Address of the object. */
  url: string;
}

export class UploadFailed extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * One picked file on its way. Emits `change` whenever something below changes. Awaiting it gives the result once the
 * server has verified the object; it rejects with an `UploadFailed`.
 */
export class Upload extends EventTarget implements PromiseLike<UploadResult> {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** What lies in IndexedDB; the last known where it is gone. */
  record: UploadRecord;
  readonly #owner: () => UploadOwner | undefined;
  readonly #result = Promise.withResolvers<UploadResult>();
  #gone = false;
  #phase: Phase | undefined;
  #fileAtHand = true;
  #bytes = 0;

  constructor(record: UploadRecord, owner: () => UploadOwner | undefined) {
    super();
    this.id = record.id;
    this.name = record.name;
    this.size = record.size;
    this.record = record;
    this.#owner = owner;
    this.#result.promise.catch(() => {});
  }

  get state(): State {
    return stateOf(this.#gone ? undefined : this.record, { phase: this.#phase, fileAtHand: this.#fileAtHand });
  }
  /** The tab may be closed: everything unsent is on this device, and the worker can send it. */
  get safeToClose(): boolean {
    return (
      !this.#gone && this.record.state === 'open' && this.record.staged && this.#owner()?.canLeave(this.record) === true
    );
  }
  /** Sent bytes, those in flight included. */
  get uploadedBytes(): number {
    return this.record.state === 'done' ? this.size : this.#bytes;
  }
  /** Whole number; 100 only when verified. */
  get percentage(): number {
    return percentageOf(this.record, this.#bytes);
  }
  get url(): string | undefined {
    return this.record.url;
  }
  /** Why it failed, or what it waits for the person to do. */
  get error(): { code: string; message: string } | undefined {
    return this.record.error;
  }

  /** Stops it everywhere and frees what the store has of it. */
  async cancel(): Promise<void> {
    await this.#owner()?.cancel(this.id);
  }
  /** Takes a finished or failed upload off this device's list; the object stays. */
  async forget(): Promise<void> {
    await this.#owner()?.forget(this.id);
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting an upload is its API
  then<A = UploadResult, B = never>(
    onDone?: ((result: UploadResult) => A | PromiseLike<A>) | null,
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.promise.then(onDone, onFailed);
  }

  /** For the client: the record as it is now, undefined once it is gone. */
  update(record: UploadRecord | undefined, fileAtHand: boolean): void {
    this.record = record ?? this.record;
    this.#gone = record === undefined;
    this.#fileAtHand = fileAtHand;
    if (record?.state === 'done') this.#result.resolve({ url: record.url! });
    else if (record?.state === 'failed')
      this.#result.reject(new UploadFailed(record.error!.code, record.error!.message));
    else if (this.state === 'cancelled')
      this.#result.reject(new UploadFailed('UPLOAD_ABORTED', 'The upload was cancelled.'));
    this.dispatchEvent(new Event('change'));
  }
  /** For the client: what its driver says. */
  progress(bytes: number, phase: Phase): void {
    this.#bytes = bytes;
    this.#phase = phase;
    this.dispatchEvent(new Event('change'));
  }
}

import type { UploadClient, UploadClientOptions, UploadOptions } from '../index.ts';
import type { Words } from './words.ts';

/** On a server there are no elements: importing must not fail there. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** Values that are no text, or that markup should not show. */
interface Held {
  apiKey?: string | undefined;
  serviceWorker?: UploadClientOptions['serviceWorker'] | undefined;
  headers?: UploadClientOptions['headers'] | undefined;
  credentials?: RequestCredentials | undefined;
  client?: UploadClient | undefined;
  metadata?: Metadata | undefined;
  words?: Partial<Words> | undefined;
}

/** Kept with the object; see `UploadOptions.metadata`. */
export type Metadata = UploadOptions['metadata'] | ((file: File) => UploadOptions['metadata']);

/** The element's settings. Those that are text, numbers or flags are its attributes; all may be set as properties. */
export class UploadProperties extends Base {
  static readonly observedAttributes = [
    'endpoint',
    'owner',
    'api-key',
    'service-worker',
    'credentials',
    'accept',
    'capture',
    'part-size',
    'concurrency',
    'order',
    'single',
    'disabled',
  ];
  readonly #held: Held = {};

  /** To be called when the element comes into a page: takes over what was set before the element was known. */
  protected takeOver(): void {
    for (const name of Object.getOwnPropertyNames(this)) {
      if (!(name in UploadProperties.prototype)) continue;
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }
  /** Called after any setting was changed. */
  protected changed(): void {}
  attributeChangedCallback(): void {
    this.changed();
  }

  /** The server's `…/api/v1/upload/multipart`. */
  get endpoint(): string {
    return this.getAttribute('endpoint') ?? '';
  }
  set endpoint(value: string | undefined) {
    this.#text('endpoint', value);
  }
  /** Whose uploads these are; another owner on the same device sees none of them. */
  get owner(): string {
    return this.getAttribute('owner') || 'default';
  }
  set owner(value: string | undefined) {
    this.#text('owner', value);
  }
  /** What the choosers show and a drop may hold, as `<input type=file>` means it. */
  get accept(): string {
    return this.getAttribute('accept') ?? '';
  }
  set accept(value: string | undefined) {
    this.#text('accept', value);
  }
  /** `environment` or `user`: which camera the control for it opens; there is none without. */
  get capture(): string | null {
    return this.getAttribute('capture');
  }
  set capture(value: string | null | undefined) {
    this.#text('capture', value);
  }
  /** Bytes of every part but the last. */
  get partSize(): number | undefined {
    return this.#number('part-size');
  }
  set partSize(value: number | undefined) {
    this.#text('part-size', value);
  }
  /** Parts of one file on their way at once. */
  get concurrency(): number | undefined {
    return this.#number('concurrency');
  }
  set concurrency(value: number | undefined) {
    this.#text('concurrency', value);
  }
  /** Which file goes first: `smallest`, or `picked` for the one that was picked first. */
  get order(): UploadClientOptions['order'] {
    return (this.getAttribute('order') as 'smallest' | 'picked' | null) ?? undefined;
  }
  set order(value: UploadClientOptions['order']) {
    this.#text('order', value);
  }
  /** One file at a time. */
  get single(): boolean {
    return this.hasAttribute('single');
  }
  set single(value: boolean) {
    this.toggleAttribute('single', Boolean(value));
  }
  /** Takes no file; the uploads go on. */
  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }
  set disabled(value: boolean) {
    this.toggleAttribute('disabled', Boolean(value));
  }

  get apiKey(): string | undefined {
    return this.#held.apiKey ?? this.getAttribute('api-key') ?? undefined;
  }
  set apiKey(value: string | undefined) {
    this.#hold('apiKey', value);
  }
  /** The app's service worker: its script's address, or the registration that the app made. */
  get serviceWorker(): UploadClientOptions['serviceWorker'] {
    return this.#held.serviceWorker ?? this.getAttribute('service-worker') ?? undefined;
  }
  set serviceWorker(value: UploadClientOptions['serviceWorker']) {
    this.#hold('serviceWorker', value);
  }
  /** As `fetch` means it. */
  get credentials(): RequestCredentials | undefined {
    return this.#held.credentials ?? (this.getAttribute('credentials') as RequestCredentials | null) ?? undefined;
  }
  set credentials(value: RequestCredentials | undefined) {
    this.#hold('credentials', value);
  }
  /** Credentials of the signed-in user, asked for whenever they are needed. */
  get headers(): UploadClientOptions['headers'] {
    return this.#held.headers;
  }
  set headers(value: UploadClientOptions['headers']) {
    this.#hold('headers', value);
  }
  get metadata(): Metadata {
    return this.#held.metadata;
  }
  set metadata(value: Metadata) {
    this.#hold('metadata', value);
  }
  /** The app's own client, used instead of one made from the endpoint and never closed here. */
  get client(): UploadClient | undefined {
    return this.#held.client;
  }
  set client(value: UploadClient | undefined) {
    this.#hold('client', value);
  }
  /** A translation; what it lacks is English. */
  get words(): Partial<Words> | undefined {
    return this.#held.words;
  }
  set words(value: Partial<Words> | undefined) {
    this.#hold('words', value);
  }

  #text(name: string, value: string | number | null | undefined): void {
    if (value === undefined || value === null) this.removeAttribute(name);
    else this.setAttribute(name, String(value));
  }
  #number(name: string): number | undefined {
    const text = this.getAttribute(name);
    return text === null ? undefined : Number(text);
  }
  #hold<Name extends keyof Held>(name: Name, value: Held[Name] | null): void {
    this.#held[name] = value ?? undefined;
    this.changed();
  }
}

/** What a service worker has and TypeScript's DOM library lacks. */

/** https://w3c.github.io/ServiceWorker/#extendableevent */
export interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}

/** https://wicg.github.io/background-sync/spec/ */
export interface SyncEvent extends Extendable {
  readonly tag: string;
  readonly lastChance: boolean;
}

export interface SyncRegistration extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void>; getTags(): Promise<string[]> };
}

interface WindowClient {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<WindowClient>;
  postMessage(message: unknown): void;
}

interface Scope {
  readonly registration: SyncRegistration;
  readonly Notification: Pick<typeof Notification, 'permission'>;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: true }): Promise<WindowClient[]>;
    openWindow(url: string): Promise<WindowClient | null>;
  };
}

export const scope = self as unknown as Scope;

/** Every open window of the origin. */
export const windows = (): Promise<WindowClient[]> =>
  scope.clients.matchAll({ type: 'window', includeUncontrolled: true });

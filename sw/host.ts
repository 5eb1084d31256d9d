import type { Identity } from './api.ts';
import type { Bus } from './bus.ts';
import type { Flow } from './flow.ts';
import type { Gatherer } from './gather.ts';
import type { PartRecord, UploadRecord } from './record.ts';
import type { Store } from './store.ts';
import type { Transfer } from './transfer.ts';

/** What the engine needs of the page or worker that it runs in. */
export interface Host {
  store: Store;
  bus: Bus;
  /** The line that all uploads share. */
  flow: Flow;
  gather: Gatherer;
  transfer: Transfer;
  /** The picked file itself, where this context has it. */
  file(id: string): Blob | undefined;
  /** Of an upload that is not begun: what it knows of the parts as well as the store does. */
  parts(record: UploadRecord): PartRecord[] | undefined;
  /** Whether this context may drive the upload at all. */
  drives(record: UploadRecord): boolean;
  /** Who begins a session; undefined where nobody is signed in and no grant is kept. */
  identity(record: UploadRecord): Promise<Identity | undefined>;
  random: () => number;
}

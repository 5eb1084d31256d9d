import type { Identity } from './api.ts';
import type { Bus } from './bus.ts';
import type { UploadRecord } from './record.ts';
import type { Slots } from './slots.ts';
import type { Store } from './store.ts';
import type { Transfer } from './transfer.ts';

/** What the engine needs of the page or worker that it runs in. */
export interface Host {
  store: Store;
  bus: Bus;
  /** Budget of PUTs at once, over all uploads. */
  slots: Slots;
  transfer: Transfer;
  /** The picked file itself, where this context has it. */
  file(id: string): Blob | undefined;
  /** Whether this context may drive the upload at all. */
  drives(record: UploadRecord): boolean;
  /** Who begins a session; undefined where nobody is signed in and no grant is kept. */
  identity(record: UploadRecord): Promise<Identity | undefined>;
  random: () => number;
}

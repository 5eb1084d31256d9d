import type { Bus } from './bus.ts';
import type { UploadRecord } from './record.ts';
import type { Slots } from './slots.ts';
import type { Store } from './store.ts';

/** What the engine needs of the page or worker that it runs in. */
export interface Host {
  store: Store;
  bus: Bus;
  /** Budget of PUTs at once, over all uploads. */
  slots: Slots;
  /** PUTs at once for one upload. */
  lanes: number;
  /** The picked file itself, where this context has it. */
  file(id: string): Blob | undefined;
  /** Headers to begin a session with; undefined where nobody is signed in and no grant is kept. */
  credentials(record: UploadRecord): Promise<Record<string, string> | undefined>;
  random: () => number;
}

import { callApi } from '../sw/api.ts';
import { type Bus, openBus } from '../sw/bus.ts';
import { eraseDatabase } from '../sw/database.ts';
import { isSettled } from '../sw/record.ts';
import { openStore, type Store } from '../sw/store.ts';
import type { Watermark } from './watermark.ts';

/** How long signing out waits for the servers to be told. */
const PATIENCE_MS = 3000;

/** Signs the owner out on this device: nothing of him stays here, in no tab; what was begun is of no use to anybody any more. */
export async function sayFarewell(owner: string, store: Store, bus: Bus, watermark: Watermark): Promise<void> {
  // Opened anew, since the client may be closed.
  const now = store.lasting ? await openStore(owner).catch(() => undefined) : store;
  const ends = ((await now?.uploads()) ?? []).filter((record) => !isSettled(record));
  const farewell = store.lasting ? openBus(owner) : bus;
  farewell.post({ type: 'signed-out' });
  farewell.close();
  // Whether the servers hear of it must not hold up the person.
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const aborts = ends.map(
    ({ endpoint: at, resumeToken }) => resumeToken && callApi(at, 'abort', { resumeToken }, {}, limit),
  );
  if (store.lasting) await eraseDatabase(owner);
  watermark.erase();
  await Promise.allSettled(aborts);
}

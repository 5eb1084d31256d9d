import { isSettled } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import type { Upload } from './upload.ts';

/** What earlier visits left unfinished. One that has arrived or was cancelled meanwhile is in none of the lists. */
export interface Survivors {
  /** Go on by themselves, in this tab or another. */
  goesOn: Upload[];
  /** Rest until they are resumed. */
  paused: Upload[];
  /** Need their file again, or somebody to sign in: `error` tells which. */
  needsYou: Upload[];
  /** Failed, since the last visit or in this one; `error` tells why. Those of a visit before are told of no more. */
  lost: Upload[];
}

/** Which of the uploads known at the start no open tab has picked and no visit has told of; from now on they are told of. */
export async function leftOver(store: Store, uploads: Upload[]): Promise<Upload[]> {
  const left = uploads.filter(({ record: { state, noted, attempt = 0 }, fileAtHand }) =>
    state === 'failed' ? noted !== attempt : state === 'open' && !fileAtHand,
  );
  for (const { id, record } of left)
    if (isSettled(record)) await store.change(id, ({ attempt = 0 }) => ({ noted: attempt }));
  return left;
}

export function survivorsAmong(left: Upload[]): Survivors {
  const lists: Survivors = { goesOn: [], paused: [], needsYou: [], lost: [] };
  for (const upload of left) {
    const { state, error } = upload;
    if (state === 'failed') lists.lost.push(upload);
    else if (state === 'paused') lists.paused.push(upload);
    else if (error?.goesOn === false) lists.needsYou.push(upload);
    else if (state !== 'done' && state !== 'cancelled') lists.goesOn.push(upload);
  }
  return lists;
}

/** Bytes that slices leave alone: records, and whatever else the app keeps, need room when there is little. */
const RESERVE = 4 * 2 ** 20;

/** Bytes known to be free for slices; of several pages each knows its own. */
let left = 0;

/**
 * Sets `bytes` of this site's share of the disk apart; false where there are not so many. Slices that were read count as
 * long as the browser holds them, some time after they are gone.
 */
export async function takeRoom(bytes: number): Promise<boolean> {
  if (left < bytes) {
    const { quota = Number.POSITIVE_INFINITY, usage = 0 } =
      (await navigator.storage?.estimate().catch(() => undefined)) ?? {};
    left = quota - usage - RESERVE;
  }
  if (left < bytes) return false;
  left -= bytes;
  return true;
}

/** It turned out that there is less than was reckoned with. */
export const noRoom = (): void => {
  left = 0;
};

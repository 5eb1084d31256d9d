import type { PartUrl, SignAnswer } from '../server/contract/wire.ts';
import type { Board } from './board.ts';
import type { PartRecord } from './record.ts';

/** URLs asked for in one call. */
const WINDOW = 32;
/** More are asked for when fewer than this many waiting parts have one. */
const LOW_WATER = 8;
/** A URL is not begun with in its last minute. */
const MARGIN_MS = 60_000;

/** Presigned part URLs of one upload, fetched a window at a time, just in time; in memory only. */
export interface Urls {
  /** Undefined where the store turned out to have the part. */
  of(part: PartRecord): Promise<PartUrl | undefined>;
  /** Its connection failed: sign it anew; or it was `refused`: sign them all anew, as what has made it worthless may hold for all. */
  forget(url: PartUrl, refused: boolean): void;
  add(urls: PartUrl[], expiresIn: number): void;
  /** Asks the server what has become of the upload; rejects where it is over. */
  ask(): Promise<void>;
}

export function createUrls(
  board: Board,
  sign: (parts: PartRecord[], reconcile?: boolean) => Promise<SignAnswer>,
): Urls {
  const known = new Map<number, { url: PartUrl; until: number }>();
  let signing: Promise<void> | undefined;
  let asking: Promise<unknown> | undefined;

  const fresh = (n: number) => {
    const entry = known.get(n);
    return entry && entry.until > Date.now() ? entry.url : undefined;
  };
  const add: Urls['add'] = (urls, expiresIn) => {
    const until = Date.now() + expiresIn * 1000 - Math.min(MARGIN_MS, expiresIn * 500);
    for (const url of urls) known.set(url.partNumber, { url, until });
  };
  const signFrom = (from: number): Promise<void> => {
    signing ??= (async () => {
      const parts = board.window(from, WINDOW).filter((part) => !fresh(part.partNumber));
      if (!parts.length) return;
      const answer = await sign(parts);
      add(answer.partUrls, answer.expiresIn);
    })().finally(() => {
      signing = undefined;
    });
    return signing;
  };

  return {
    add,
    forget(url, refused) {
      // Else another has taken its place.
      if (known.get(url.partNumber)?.url !== url) return;
      if (refused) known.clear();
      else known.delete(url.partNumber);
    },
    async ask() {
      asking ??= sign([], true).finally(() => {
        asking = undefined;
      });
      await asking;
    },
    async of({ partNumber }) {
      for (;;) {
        const url = fresh(partNumber);
        if (board.part(partNumber)?.stored) return undefined;
        if (!url) {
          await signFrom(partNumber);
          continue;
        }
        const ahead = board.window(partNumber + 1, LOW_WATER);
        // Fetched beside the PUTs; a failure shows when the URL is needed.
        if (ahead.some((part) => !fresh(part.partNumber))) signFrom(partNumber + 1).catch(() => {});
        return url;
      }
    },
  };
}

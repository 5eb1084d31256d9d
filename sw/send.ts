import { partRange } from '../server/contract/plan.ts';
import { persistently } from './control.ts';
import { cutOf } from './cut.ts';
import { digestOf } from './digest.ts';
import { tellStored } from './reconcile.ts';
import type { PartRecord } from './record.ts';
import { isTransient, RequestError, remedyFor } from './retry.ts';
import { putPart } from './transfer.ts';
import { planOf, type Transit } from './transit.ts';
import type { Urls } from './urls.ts';

/** A fresh URL refused this often is refused for good. */
const MOST_REFUSALS = 5;

/** What is on this device is not what was digested: the file changed, or the disk lost it. */
export class SliceError extends Error {
  /** The file that this context had in its hands then, if any. */
  readonly file: Blob | undefined;
  constructor(message: string, file: Blob | undefined) {
    super(message);
    this.file = file;
  }
}

/** An upload of an earlier release does not say it. */
const lanesOf = ({ record }: Transit) => record.concurrency ?? 5;

/** Sends what is waiting and sendable, several parts at once; true when every part is stored, false when the rest is not at hand. */
export async function sendParts(transit: Transit, urls: Urls): Promise<boolean> {
  const { board, signal } = transit;
  const stop = new AbortController();
  const lane = async () => {
    while (!board.finished) {
      signal.throwIfAborted();
      stop.signal.throwIfAborted();
      const part = board.take(transit.sendable);
      if (part) await sendPart(transit, urls, part).finally(() => board.giveBack(part.partNumber));
      else if (!(await transit.news())) return;
    }
  };
  const lanes = Array.from({ length: lanesOf(transit) }, () =>
    lane().catch((error) => {
      stop.abort(error);
      transit.stir();
    }),
  );
  // Every lane has come to rest before the first failure is told: nobody writes after that.
  await Promise.allSettled(lanes);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
  return board.finished;
}

async function sendPart(transit: Transit, urls: Urls, part: PartRecord): Promise<void> {
  const { host, record, board, meter, signal } = transit;
  const { partNumber } = part;
  const { size } = partRange(planOf(record), partNumber);
  /** What the bucket said last, as opposed to the server. */
  let refusal: RequestError | undefined;
  let refusals = 0;
  let doubted = false;

  async function attempt(): Promise<void> {
    // Signed before it takes its turn, and anew if the URL grew old while it waited.
    if (!(await urls.of(part))) return;
    await host.flow.run({ bytes: size, most: lanesOf(transit), upload: record }, signal, async () => {
      const url = await urls.of(part);
      if (!url) return;
      const slice = await sliceOf(transit, part, { fromFile: !refusal, doubted });
      const put = (onProgress: (bytes: number) => void) =>
        putPart(host.transfer, url, slice, { signal, share: host.flow.share, onProgress });
      await host.flow
        .watch(size, (tell) =>
          put((bytes) => {
            tell(bytes);
            meter.inFlight(partNumber, bytes);
          }),
        )
        .catch((error) => {
          refusal = error;
          // Before the next part takes the turn, so that it is not sent to a URL as old.
          if (error instanceof RequestError && remedyFor(error.failure) !== 'again')
            urls.forget(url, error.failure.status === 403);
          throw error;
        });
    });
  }
  async function retry(error: RequestError): Promise<boolean> {
    meter.inFlight(partNumber, 0);
    // What the server refuses it refuses for good; the bucket may have meant the URL.
    if (error !== refusal) return isTransient(error.failure);
    const remedy = remedyFor(error.failure);
    doubted = remedy === 'digest';
    if (remedy === 'ask') await urls.ask();
    return isTransient(error.failure) || ++refusals < MOST_REFUSALS;
  }
  await persistently(attempt, { signal, random: host.random, onPhase: meter.phase, line: host.flow.landings, retry });

  signal.throwIfAborted();
  board.arrive(partNumber);
  // Of a single one the end is written down next.
  if (record.totalParts > 1) transit.recorder.add(part);
  meter.inFlight(partNumber, 0);
  tellStored(transit);
  host.bus.post({ type: 'stored', id: record.id, partNumber });
  transit.stir();
}

/**
 * The part's bytes: straight from the file where this page has it, to leave the disk to the staging; after a failure from
 * its slice, since the file may have gone. What the bucket found to be other bytes is hashed again first.
 */
async function sliceOf(
  { host, record }: Transit,
  part: PartRecord,
  { fromFile, doubted }: { fromFile: boolean; doubted: boolean },
): Promise<Blob> {
  const file = host.file(record.id);
  const isWhole = async (bytes: Blob) => (await digestOf(bytes).catch(() => '')) === part.digest;
  const cut = file && cutOf(file, record, part.partNumber);
  if (cut && fromFile) return cut;
  const slice = await host.store.slice(record, part.partNumber);
  if (slice && (!doubted || (await isWhole(slice)))) return slice;
  if (slice) await host.store.putPart(record, { ...part, sliced: false });
  if (!cut) throw new SliceError('Not all of the file is on this device.', file);
  if (!(await isWhole(cut))) throw new SliceError('The file has changed since it was picked.', file);
  return cut;
}

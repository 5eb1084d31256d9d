import { UploadError } from '../server/contract/errors.ts';
import type { CompleteAnswer } from '../server/contract/wire.ts';
import { callApi } from './api.ts';
import { persistently } from './control.ts';
import type { Host } from './host.ts';
import { isMetered, onNetworkChange } from './network.ts';
import { byTurn } from './order.ts';
import { isOpen, type UploadRecord } from './record.ts';
import { codeOf, NEEDS_LOGIN, RequestError, SESSION_GONE, troubleOf } from './retry.ts';
import { SliceError } from './send.ts';
import { moveUpload, type Outcome } from './upload.ts';
import { waitFor } from './wait.ts';

/** Uploads of several parts moved at the same time, those that wait for something aside; and uploads of any kind. */
const LARGE_AT_ONCE = 6;
const MOST_AT_ONCE = 64;

/** Milliseconds before an upload that failed on this device's own account is tried again. */
const PAUSE_MS = 5000;

/** Sessions that an upload may lose before it has failed. */
const MOST_ATTEMPTS = 5;

const METERED = { code: 'METERED_CONNECTION', message: 'It waits for a network that costs nothing.' };

interface Moving {
  end: Promise<void>;
  stop: AbortController;
  large: boolean;
  /** It waits for its next attempt: others go first meanwhile. */
  waits: boolean;
}

/**
 * Drives every upload of the store. With `untilIdle` it resolves once nothing more can be done here, telling whether all is
 * settled; else it goes on until `signal` aborts, and rejects with its reason.
 */
export async function drive(host: Host, signal: AbortSignal, untilIdle: boolean): Promise<boolean> {
  const moving = new Map<string, Moving>();
  /** Not to be tried again before there is news of them. */
  const starved = new Set<string>();
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let wake = () => {};
  const unlisten = host.bus.listen((message) => {
    if (message.type === 'progress') {
      const entry = moving.get(message.id);
      const waits = message.phase === 'waiting';
      if (entry && entry.waits !== waits) wake();
      if (entry) entry.waits = waits;
    }
    if (message.type !== 'changed' && message.type !== 'sliced') return;
    if (message.type === 'changed' && moving.has(message.id)) stopUnwanted(message.id);
    if (starved.delete(message.id) || message.type === 'changed') wake();
  });
  const unlistenNetwork = onNetworkChange(() => {
    for (const id of moving.keys()) stopUnwanted(id);
    wake();
  });
  const mayUseLine = (record: UploadRecord) => !record.onlyUnmetered || !isMetered() || record.state === 'cancelling';

  function stopUnwanted(id: string): void {
    const look = (record: UploadRecord | undefined) => {
      if (!record || record.paused || record.state === 'cancelling' || !mayUseLine(record))
        moving.get(id)?.stop.abort();
    };
    // Storage that cannot be read ends it anyhow.
    host.store.upload(id).then(look, () => {});
  }
  async function move(record: UploadRecord, stop: AbortSignal): Promise<void> {
    const outcome = await settle(host, record, stop);
    if (outcome !== 'starved') return;
    host.bus.post({ type: 'changed', id: record.id });
    starved.add(record.id);
  }
  function isFull(large: boolean): boolean {
    const busy = [...moving.values()].filter((entry) => entry.large && !entry.waits).length;
    return moving.size >= MOST_AT_ONCE || (large && busy >= LARGE_AT_ONCE);
  }
  function begin(record: UploadRecord): void {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const end = move(record, both)
      // This device's trouble, such as a full disk, is no verdict on the upload: try again after a while.
      .catch(async () => void (both.aborted || (await waitFor(PAUSE_MS, both))))
      .finally(() => {
        moving.delete(record.id);
        wake();
      });
    moving.set(record.id, { end, stop, large: record.totalParts > 1, waits: false });
  }

  try {
    for (;;) {
      signal.throwIfAborted();
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      // Where there is no room for another, reading all of them would begin nothing.
      const all = moving.size < MOST_AT_ONCE ? await host.store.uploads() : [];
      const open = all.filter((record) => isOpen(record) && host.drives(record)).sort(byTurn);
      for (const record of open) {
        if (moving.has(record.id) || starved.has(record.id) || isFull(record.totalParts > 1)) continue;
        if (mayUseLine(record)) begin(record);
        else host.bus.post({ type: 'progress', id: record.id, bytes: 0, parts: 0, phase: 'waiting', trouble: METERED });
      }
      if (untilIdle && !moving.size) return open.length === 0;
      await Promise.race([news, aborted]);
    }
  } finally {
    unlisten();
    unlistenNetwork();
    for (const { stop } of moving.values()) stop.abort();
    await Promise.all([...moving.values()].map(({ end }) => end));
  }
}

/** Moves one upload and writes down what became of it. */
async function settle(host: Host, record: UploadRecord, signal: AbortSignal): Promise<Outcome> {
  try {
    return record.state === 'cancelling' ? await cancel(host, record, signal) : await moveUpload(host, record, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RequestError || error instanceof SliceError || error instanceof UploadError)) throw error;
    if (SESSION_GONE.has(codeOf(error) ?? '') && (record.attempt ?? 0) < MOST_ATTEMPTS) {
      // Only the session is gone: what is on this device begins another, and what is not needs the file.
      await host.store.reopen(record.id);
      host.bus.post({ type: 'changed', id: record.id });
      return 'recut';
    }
    const code = error instanceof RequestError ? troubleOf(error).code : 'UPLOAD_FAILED';
    const needsPerson = error instanceof SliceError || NEEDS_LOGIN.has(code);
    const told = { code: error instanceof SliceError ? 'FILE_NEEDED' : code, message: error.message };
    let given = false;
    await host.store.change(record.id, (now) => {
      if (now.state !== 'open') return {};
      given = error instanceof SliceError && host.file(record.id) !== error.file;
      if (given) return {};
      // Paused from elsewhere: it rests here too until the person lifts it.
      if (code === 'UPLOAD_PAUSED') return { paused: true };
      if (!needsPerson) return { state: 'failed', error: told };
      return { error: told, ...(error instanceof SliceError && { staged: false }) };
    });
    // The person was faster: with the file that it has now it is moved again.
    if (given) return 'recut';
    if (needsPerson) return 'starved';
    host.bus.post({ type: 'changed', id: record.id });
    return 'settled';
  }
}

/** Tells the server, then forgets; an upload that is gone there already is cancelled too, one that is finished there is done. */
async function cancel(host: Host, record: UploadRecord, signal: AbortSignal): Promise<Outcome> {
  const finished = await persistently(() => abort(record, signal), {
    signal,
    random: host.random,
    onPhase: () => {},
  }).catch((error) => {
    signal.throwIfAborted();
    if (!(error instanceof RequestError)) throw error;
  });
  if (finished) await host.store.finish(record.id, finished);
  else await host.store.remove(record.id);
  host.bus.post({ type: 'changed', id: record.id });
  return 'settled';
}

/** What the object came to, where it is too late to abort. */
async function abort(
  { endpoint, resumeToken }: UploadRecord,
  signal: AbortSignal,
): Promise<CompleteAnswer | undefined> {
  if (!resumeToken) return undefined;
  try {
    await callApi(endpoint, 'abort', { resumeToken }, {}, signal);
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'UPLOAD_ALREADY_COMPLETED') throw error;
    return callApi(endpoint, 'complete', { resumeToken }, {}, signal);
  }
}

import type { Plan } from '../server/contract/plan.ts';
import { type Calls, callApi } from './api.ts';
import { type Board, createBoard } from './board.ts';
import { persistently } from './control.ts';
import type { Gathered, Manner } from './gather.ts';
import type { Host } from './host.ts';
import { createMeter, type Meter } from './meter.ts';
import type { PartRecord, UploadRecord } from './record.ts';
import { createRecorder, type Recorder } from './recorder.ts';

/** Without news of further slices for this long, an upload whose file is not at hand gives its place to others. */
const STARVE_MS = 3000;

/** One upload while the engine moves it. */
export interface Transit {
  host: Host;
  record: UploadRecord;
  board: Board;
  meter: Meter;
  recorder: Recorder;
  signal: AbortSignal;
  /** A control call, repeated until it succeeds or fails for good. */
  call: <Name extends keyof Calls>(name: Name, body: Calls[Name][0]) => Promise<Calls[Name][1]>;
  /** The same of a call that many small files make together. */
  gather: <Name extends Gathered>(
    name: Name,
    body: Calls[Name][0],
    manner?: Omit<Manner, 'signal'>,
  ) => Promise<Calls[Name][1]>;
  /** Whether this context can send the part: from its slice or from the file. */
  sendable(part: PartRecord): boolean;
  /** Resolves true when another part was sliced or landed, false where no more is to be expected. */
  news(): Promise<boolean>;
  /** To be called when a part has landed, so that waiting lanes look again. */
  stir(): void;
  close(): void;
}

export const planOf = (record: UploadRecord): Plan => ({
  fileSize: record.size,
  partSize: record.partSize,
  totalParts: record.totalParts,
});

export async function openTransit(host: Host, record: UploadRecord, signal: AbortSignal): Promise<Transit> {
  const board = createBoard(record.totalParts);
  const meter = createMeter(host.bus, record.id);
  const wake: (() => void)[] = [];
  const stir = () => {
    for (const resolve of wake.splice(0)) resolve();
  };
  const unlisten = host.bus.listen((message) => {
    // The page may have lost its file: waiting lanes look again.
    if (message.type === 'changed' && message.id === record.id) stir();
    if (message.type !== 'sliced' || message.id !== record.id || message.partSize !== record.partSize) return;
    board.learn(message.part);
    stir();
  });
  signal.addEventListener('abort', stir);
  for (const part of host.parts(record) ?? (await host.store.parts(record))) board.recall(part);

  const again = <T>(request: () => Promise<T>) =>
    persistently(request, { signal, random: host.random, onPhase: meter.phase, line: host.flow.landings });

  return {
    host,
    record,
    board,
    meter,
    recorder: createRecorder(host.store, record),
    signal,
    call: (name, body) => again(() => callApi(record.endpoint, name, body, {}, signal)),
    gather: (name, body, manner) => again(() => host.gather(record.endpoint, name, body, { ...manner, signal })),
    sendable: (part) => part.sliced || host.file(record.id) !== undefined,
    news() {
      if (signal.aborted) return Promise.reject(signal.reason);
      const patient = board.travelling > 0 || host.file(record.id) !== undefined;
      return new Promise<boolean>((resolve, reject) => {
        const timer = patient ? undefined : setTimeout(() => resolve(false), STARVE_MS);
        wake.push(() => {
          clearTimeout(timer);
          if (signal.aborted) reject(signal.reason);
          else resolve(true);
        });
      });
    },
    stir,
    close() {
      unlisten();
      signal.removeEventListener('abort', stir);
      meter.close();
    },
  };
}

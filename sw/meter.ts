import type { Bus, Phase } from './bus.ts';

const EVERY_MS = 100;

/** Counts the bytes of one upload, those in flight included, and tells of them at most ten times a second. */
export interface Meter {
  /** Bytes that the bucket has. */
  stored(bytes: number): void;
  /** Bytes of a part that have left; 0 takes it out. */
  inFlight(partNumber: number, bytes: number): void;
  phase(phase: Phase): void;
}

export function createMeter(bus: Bus, id: string): Meter {
  const flying = new Map<number, number>();
  let storedBytes = 0;
  let phase: Phase = 'uploading';
  let told = 0;
  const tell = (now: boolean) => {
    if (!now && performance.now() - told < EVERY_MS) return;
    told = performance.now();
    let bytes = storedBytes;
    for (const sent of flying.values()) bytes += sent;
    bus.post({ type: 'progress', id, bytes, phase });
  };
  return {
    stored(bytes) {
      storedBytes = bytes;
      if (phase === 'waiting') phase = 'uploading';
      tell(false);
    },
    inFlight(partNumber, bytes) {
      if (bytes) flying.set(partNumber, bytes);
      else flying.delete(partNumber);
      if (bytes && phase === 'waiting') {
        phase = 'uploading';
        tell(true);
      } else tell(false);
    },
    phase(next) {
      if (next === phase) return;
      phase = next;
      tell(true);
    },
  };
}

import type { Bus, Phase, Trouble } from './bus.ts';

const EVERY_MS = 100;

/** Counts the bytes of one upload, those in flight included, and tells of them at most ten times a second. */
export interface Meter {
  /** Bytes and parts that the bucket has. */
  stored(bytes: number, parts: number): void;
  /** Bytes of a part that have left; 0 takes it out. */
  inFlight(partNumber: number, bytes: number): void;
  phase(phase: Phase, trouble?: Trouble): void;
  /** Tells nothing more. */
  close(): void;
}

export function createMeter(bus: Bus, id: string): Meter {
  const flying = new Map<number, number>();
  let storedBytes = 0;
  let parts = 0;
  let trouble: Trouble | undefined;
  let phase: Phase = 'uploading';
  let told = 0;
  let later: ReturnType<typeof setTimeout> | undefined;
  const tell = (now: boolean) => {
    const wait = EVERY_MS - (performance.now() - told);
    if (!now && wait > 0) {
      later ??= setTimeout(() => tell(true), wait);
      return;
    }
    clearTimeout(later);
    later = undefined;
    told = performance.now();
    let bytes = storedBytes;
    for (const sent of flying.values()) bytes += sent;
    bus.post({ type: 'progress', id, bytes, parts, phase, trouble: phase === 'waiting' ? trouble : undefined });
  };
  return {
    stored(bytes, count) {
      storedBytes = bytes;
      parts = count;
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
    phase(next, why) {
      if (next === phase) return;
      phase = next;
      trouble = why;
      tell(true);
    },
    close: () => clearTimeout(later),
  };
}

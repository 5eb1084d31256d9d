import type { Phase, Trouble } from './bus.ts';
import { backOff, isTransient, RequestError, troubleOf } from './retry.ts';
import { waitFor } from './wait.ts';

/**
 * Runs a request again until it succeeds, fails for good, or `signal` aborts; between attempts `onPhase` hears `waiting`.
 * Rejects with the `RequestError` that ended it, with what `retry` throws, or with the signal's reason.
 */
export async function persistently<T>(
  request: () => Promise<T>,
  options: {
    signal: AbortSignal;
    random: () => number;
    onPhase: (phase: Phase, trouble?: Trouble) => void;
    /** Whether it is worth another attempt, after whatever has to be done before. */
    retry?: (error: RequestError) => boolean | Promise<boolean>;
  },
): Promise<T> {
  const { signal, random, onPhase, retry = ({ failure }) => isTransient(failure) } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RequestError) || !(await retry(error))) throw error;
      onPhase('waiting', troubleOf(error));
      // Another network, another try: the first one may still come too early.
      if (await waitFor(backOff(error.failure, attempt, random), signal)) attempt = 0;
      signal.throwIfAborted();
    }
  }
}

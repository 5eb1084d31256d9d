import type { Phase, Trouble } from './bus.ts';
import { backOff, isTransient, RequestError, troubleOf } from './retry.ts';
import { LANDED, waitFor } from './wait.ts';

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
    /** Tells of PUTs that have landed, and so of a line that carries again. */
    line?: EventTarget | undefined;
  },
): Promise<T> {
  const { signal, random, onPhase, line, retry = ({ failure }) => isTransient(failure) } = options;
  let hopeful = true;
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RequestError) || !(await retry(error))) throw error;
      onPhase('waiting', troubleOf(error));
      const silent = error.failure.status === 0;
      const news = await waitFor(backOff(error.failure, attempt, random), signal, silent && hopeful ? line : undefined);
      // Another network, another try: the first one may still come too early.
      if (news === 'online') attempt = 0;
      // It was not for the line that this one failed if it fails again.
      hopeful = news !== LANDED;
      signal.throwIfAborted();
    }
  }
}

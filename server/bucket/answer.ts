/** What became of one request of a probe. */
export interface Answer<T = unknown> {
  /** 0 where none came. */
  status: number;
  /** The store's own code of a refusal, or what befell the connection, as `ECONNREFUSED`; undefined where all is well. */
  code?: string | undefined;
  /** By lower-case names. */
  headers: Record<string, string>;
  /** Our time halfway between question and answer, in milliseconds since 1970. */
  at: number;
  /** What the store told; undefined unless all is well. */
  result?: T | undefined;
}

/** The `code` of a request that the store never answered. */
export const SILENT = 'SILENT';

export const succeeded = ({ status, code }: Answer): boolean => status >= 200 && status < 300 && code === undefined;

/** Seconds that a probe waits for one answer; for one to a large part longer. */
export const ANSWER_SECONDS = 10;

/** Asks once, for so long at most. Rejects only with the reason of `signal`. */
export async function answerTo<T>(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<Pick<Answer<T>, 'status' | 'code' | 'headers' | 'result'>>,
  seconds: number = ANSWER_SECONDS,
): Promise<Answer<T>> {
  signal.throwIfAborted();
  const askedAt = Date.now();
  const limit = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const asked = ask(AbortSignal.any([signal, limit])).catch((error) => {
    signal.throwIfAborted();
    return { status: 0, headers: {}, code: limit.aborted ? SILENT : lossOf(error) };
  });
  const answer = await asked;
  return { ...answer, at: (askedAt + Date.now()) / 2 };
}

/** Runtimes tell in different places why there was no connection. */
function lossOf(error: unknown): string {
  const { code, cause, name } = error as { code?: string; cause?: { code?: string }; name?: string };
  return cause?.code ?? code ?? name ?? 'Error';
}

/** An attempt that did not reach its target; its message is fit for the log: no address, no secret. */
export class Undelivered extends Error {
  /** The receiver wants no more of it. */
  readonly gone: boolean;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { gone = false, retryAfter }: { gone?: boolean; retryAfter?: number | undefined } = {}) {
    super(message);
    this.gone = gone;
    this.retryAfter = retryAfter;
  }
}

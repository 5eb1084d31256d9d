/** The server cannot start: its message is one sentence that says what to do, shown without a stack trace. */
export class StartError extends Error {}

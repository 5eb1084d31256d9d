/** The file, and the line before anything befalls it. */

const MiB = 2 ** 20;

export interface Conditions {
  fileSize: number;
  bytesPerSecond: number;
  /** Milliseconds before each request. */
  latency: number;
  /** Bytes that the browser lets the page's origin keep; as many as it likes unless told. */
  room?: number;
}

/** Three parts, three seconds. */
export const USUAL: Conditions = { fileSize: 12 * MiB, bytesPerSecond: 4 * MiB, latency: 0 };
/** Ten parts in the same time. */
export const MANY_PARTS: Conditions = { fileSize: 48 * MiB, bytesPerSecond: 16 * MiB, latency: 0 };
/** Three parts in twelve seconds: browsers write localStorage to disk only every five, and a kill before that would be too early for some. */
export const LONG: Conditions = { fileSize: 12 * MiB, bytesPerSecond: MiB, latency: 0 };
export const CROWDED: Conditions = { ...USUAL, room: 4 * MiB };
/** Two parts in fifty seconds. */
export const SLOW: Conditions = { fileSize: 6 * MiB, bytesPerSecond: 125_000, latency: 300 };

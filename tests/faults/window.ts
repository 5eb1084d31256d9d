/**
 * On loopback the kernel takes 6 to 10 MB of each connection off a sender's hands, and goes on delivering them when the
 * sender is long dead: a tab closed in mid-upload would seem to go on for seconds, and whole parts would arrive. A narrow
 * window leaves at most 2 MB, which is more like a phone's.
 */

import { dlopen, ptr } from 'bun:ffi';
import type { Server } from 'node:net';

const [SOL_SOCKET, SO_RCVBUF] = [1, 8];
const [IPPROTO_TCP, TCP_MAXSEG] = [6, 2];
const RECEIVE_BYTES = 65_536;
/** An Ethernet's. Loopback's own 64 KiB make the sender's first window half a megabyte. */
const SEGMENT_BYTES = 1460;

/** For all connections that `server`, which must be listening, takes from now on. Elsewhere than on Linux with glibc it does nothing. */
export function narrowWindow(server: Server): void {
  // Neither Node nor Bun has a call for these two.
  const fd = (server as unknown as { _handle?: { fd?: number } })._handle?.fd;
  if (process.platform !== 'linux' || fd === undefined) return;
  try {
    const { symbols, close } = dlopen('libc.so.6', {
      setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
    });
    symbols.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, ptr(new Int32Array([RECEIVE_BYTES])), 4);
    symbols.setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, ptr(new Int32Array([SEGMENT_BYTES])), 4);
    close();
  } catch {}
}

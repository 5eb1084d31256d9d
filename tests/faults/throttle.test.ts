import { afterEach, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { atEnd, between, echo, endAll, MIB, put, random, rawTarget } from './fixture.ts';

/** Writes until `limit`, or until all buffers on the way are full and nothing drains for a while; resolves to what they took. */
async function fill(client: Socket, limit: number): Promise<number> {
  const block = Buffer.alloc(65_536);
  for (let taken = 0; taken < limit; taken += block.length) {
    const full = !client.write(block);
    if (full && !(await Promise.race([once(client, 'drain'), Bun.sleep(300)]))) return taken;
  }
  return limit;
}

afterEach(endAll);

describe('a slow line', () => {
  test('is no faster than told, on all connections together, and changes pace at once', async () => {
    const proxy = await between({ bytesPerSecond: MIB }, echo());
    const started = performance.now();
    await Promise.all([put(proxy.url, random(65_536)), put(proxy.url, new Uint8Array(MIB / 4))]);
    // 320 KiB at 1 MiB/s are 312 ms, of which 50 may be taken from the idle time before.
    expect(performance.now() - started).toBeGreaterThan(255);

    proxy.set({ bytesPerSecond: 0 });
    const waiting = put(proxy.url, new Uint8Array(MIB));
    await proxy.waitFor(() => proxy.requests.length === 3);
    expect(proxy.puts()[2]!.bytes).toBe(0);
    proxy.set({ bytesPerSecond: Infinity });
    expect((await waiting).status).toBe(200);
  });

  test('holds no body back in memory when the target does not read', async () => {
    const proxy = await between({}, await rawTarget((socket) => socket.pause()));
    const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
    atEnd(() => client.destroy());
    client.write(`PUT / HTTP/1.1\r\ncontent-length: ${256 * MIB}\r\n\r\n`);
    expect(await fill(client, 256 * MIB)).toBeLessThan(64 * MIB);
  });

  test.skipIf(process.platform !== 'linux')('takes little from a sender before its time', async () => {
    const proxy = await between({ bytesPerSecond: 0 }, echo());
    const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
    atEnd(() => client.destroy());
    client.write(`PUT / HTTP/1.1\r\ncontent-length: ${32 * MIB}\r\n\r\n`);
    expect(await fill(client, 32 * MIB)).toBeLessThan(4 * MIB);
  });
});

/** A listening server behaves alike, whichever runtime it runs in. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { freePort } from '../ports.ts';
import { RUNTIMES } from '../runtime.ts';
import { type Probe, spawnProbe, startProbe, talk } from './fixture.ts';

setDefaultTimeout(180_000);

const MiB = 2 ** 20;
/** What the kernel's and the runtimes' own buffers may hold of a stream that nobody reads. */
const BUFFERS = 24 * MiB;

/** The answer of /block to its end, in either framing. */
const BLOCK = /block(\r\n0\r\n\r\n)?$/;

describe.each([...RUNTIMES])('listening in %s', (runtime) => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await startProbe(runtime);
  });
  afterAll(async () => {
    await probe?.halt();
    expect(await probe?.end()).toEqual({ code: 0, stopped: true });
  });

  test('address, method, URL, headers and caller arrive as they were sent', async () => {
    const { send, hears, socket } = await talk(probe.port);
    await send(
      `PUT /take?partNumber=1&uploadId=a%2Fb&c=%20+ HTTP/1.1\r\nHost: example.com:123\r\nX-One: a\r\nX-One: b\r\nX-Text: \xe6\r\nContent-Length: 2\r\n\r\nxy`,
    );
    const { headers, ...told } = JSON.parse(/\{.*\}/.exec(await hears(/\{.*\}/))![0]);
    expect(told).toEqual({
      size: 2,
      remote: '127.0.0.1',
      method: 'PUT',
      url: 'http://example.com:123/take?partNumber=1&uploadId=a%2Fb&c=%20+',
    });
    expect(Object.fromEntries(headers)).toMatchObject({ host: 'example.com:123', 'x-one': 'a, b' });
    socket.destroy();
  });

  test('a request can be marked and read on', async () => {
    const asked = await fetch(`${probe.url}/marked`, { method: 'POST', body: 'text', headers: { 'x-mine': '1' } });
    const { text, headers, method } = (await asked.json()) as { text: string; headers: string[][]; method: string };
    expect([text, method]).toEqual(['text', 'POST']);
    expect(Object.fromEntries(headers)).toMatchObject({ 'x-mine': '1', 'x-forwarded-for': '203.0.113.7' });
  });

  test('32 MiB arrive and go back whole, with a length and without', async () => {
    const bytes = new Uint8Array(32 * MiB).map((_, at) => at * 31 + (at >> 10));
    const sent = Bun.hash(bytes);
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += MiB) controller.enqueue(bytes.subarray(at, at + MiB));
        controller.close();
      },
    });
    for (const each of [bytes, body]) {
      const response = await fetch(`${probe.url}/echo`, { method: 'PUT', body: each });
      expect(Bun.hash(await response.bytes())).toBe(sent);
    }
  });

  test('S3’s largest part is not refused for its size', async () => {
    const { send, socket } = await talk(probe.port);
    const { taken } = await probe.seen();
    await send(`PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: ${5 * 2 ** 30 + MiB}\r\n\r\n`);
    await send(new Uint8Array(MiB));
    await probe.until((seen) => seen.taken >= taken + MiB);
    socket.destroy();
  });

  test('a sender is held back while nobody reads, and goes on afterwards', async () => {
    const { send, socket, hears } = await talk(probe.port);
    const size = 128 * MiB;
    await send(`PUT /held HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    let left = size;
    let written = 0;
    const block = new Uint8Array(MiB);
    const all = (async () => {
      for (; left; left -= MiB) {
        await send(block);
        written += MiB;
      }
    })();
    await standsStill(() => written);
    expect(written).toBeLessThan(BUFFERS);
    await fetch(`${probe.url}/release`);
    await all;
    expect(await hears(/\{.*\}/)).toContain(`{"size":${size}}`);
    socket.destroy();
  });

  test('an answer is not made faster than it is read, and given up with its reader', async () => {
    const { pulled, cancelled } = await probe.seen();
    const { send, socket } = await talk(probe.port);
    socket.pause();
    await send('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n');
    await probe.until((seen) => seen.pulled > pulled);
    let now = 0;
    await standsStill(async () => {
      now = (await probe.seen()).pulled - pulled;
      return now;
    });
    expect(now).toBeLessThan(BUFFERS);
    socket.destroy();
    await probe.until((seen) => seen.cancelled > cancelled);
  });

  test('a caller that goes away is noticed, in its body and while it waits', async () => {
    const { cut, whole, aborted, begun } = await probe.seen();
    const sending = await talk(probe.port);
    await sending.send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    await probe.until((seen) => seen.begun > begun);
    sending.socket.destroy();
    expect(await probe.until((seen) => seen.cut > cut)).toMatchObject({ cut: cut + 1, whole });
    const chunked = await talk(probe.port);
    await chunked.send('PUT /take HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    chunked.socket.end();
    expect(await probe.until((seen) => seen.cut > cut + 1)).toMatchObject({ cut: cut + 2, whole });
    const before = (await probe.seen()).aborted;
    expect(before).toBeGreaterThan(aborted);
    const waiting = await talk(probe.port);
    await waiting.send('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    await probe.until((seen) => seen.begun > begun);
    waiting.socket.destroy();
    await probe.until((seen) => seen.aborted > before);
  });

  test('who asks first whether to send is told to', async () => {
    const { send, hears, socket } = await talk(probe.port);
    await send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    expect(await hears(/\r\n\r\n/)).toStartWith('HTTP/1.1 100 Continue');
    await send('body');
    expect(await hears(/\{.*\}/)).toContain('{"size":4');
    socket.destroy();
  });

  test('HEAD gives the length and no body, and the connection goes on', async () => {
    const { send, hears, heard, socket } = await talk(probe.port);
    await send('HEAD /length HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await hears(/\r\n\r\n$/)).toLowerCase()).toContain('content-length: 5368709120\r\n');
    await send('HEAD /block HTTP/1.1\r\nHost: a\r\n\r\n');
    await hears(/"e"[\s\S]*\r\n\r\n$/);
    await send('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n');
    await hears(/ 204 [\s\S]*\r\n\r\n$/);
    await send('GET /block HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\n\r\n');
    await hears(BLOCK);
    expect(heard().toLowerCase()).not.toContain('content-encoding');
    socket.destroy();
  });

  test('a refusal reaches who is still sending, and the next request is understood', async () => {
    const { send, hears, socket } = await talk(probe.port);
    const size = 8 * MiB;
    await send(`PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    await send(new Uint8Array(MiB));
    await hears(/ 403 [\s\S]*refused/);
    socket.destroy();
    for (let round = 0; round < 20; round++) {
      const response = await fetch(`${probe.url}/refuse`, { method: 'PUT', body: new Uint8Array(size) });
      expect([response.status, await response.text()]).toEqual([403, 'refused']);
    }
    expect(await (await fetch(`${probe.url}/block`)).text()).toBe('block');
  });

  test('a broken handler is a 500, and the server lives', async () => {
    const response = await fetch(`${probe.url}/no-such-route`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('probe.ts');
    expect((await fetch(`${probe.url}/block`)).status).toBe(200);
  });
});

test.concurrent.each([...RUNTIMES])(
  'in %s a body that pauses longer than ten seconds is not given up',
  async (runtime) => {
    const probe = await startProbe(runtime);
    const { send, hears, socket } = await talk(probe.port);
    await send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
    // Bun's own limit is ten.
    await Bun.sleep(12_000);
    await send('dy');
    expect(await hears(/\{.*\}/)).toContain('{"size":4');
    socket.destroy();
    await probe.halt();
    await probe.end();
  },
);

describe.each([...RUNTIMES])('stopping in %s', (runtime) => {
  test('finishes what is in flight, waits for no idle connection, and takes nothing new', async () => {
    const probe = await startProbe(runtime);
    const { begun } = await probe.seen();
    const fresh = await talk(probe.port);
    const idle = await talk(probe.port);
    await idle.send('GET /block HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.hears(BLOCK);
    const sending = await talk(probe.port);
    await sending.send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
    const reading = await talk(probe.port);
    reading.socket.pause();
    await reading.send('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n');
    await probe.until((seen) => seen.begun >= begun + 4 && seen.pulled > 0);
    await probe.halt();
    expect(await talk(probe.port).catch(({ code }) => code)).toBe('ECONNREFUSED');
    await idle.send('GET /block HTTP/1.1\r\nHost: a\r\n\r\n');
    let size = 0;
    reading.socket.on('data', (bytes) => {
      size += bytes.length;
    });
    reading.socket.resume();
    await sending.send('dy');
    expect(await sending.hears(/\{.*\}/)).toContain('{"size":4');
    await reading.ends();
    expect(size).toBeGreaterThan(2 ** 28);
    expect(await probe.end()).toEqual({ code: 0, stopped: true });
    expect((await idle.ends()).split('block')).toHaveLength(2);
    fresh.socket.destroy();
  });

  test('is not held up by bodies that were refused while they were on their way', async () => {
    const probe = await startProbe(runtime);
    for (let round = 0; round < 6; round++) {
      const refused = await fetch(`${probe.url}/refuse`, { method: 'POST', body: new Uint8Array(3 * MiB) });
      expect([refused.status, await refused.text()]).toEqual([403, 'refused']);
    }
    const startedAt = performance.now();
    await probe.halt();
    expect(await probe.end()).toEqual({ code: 0, stopped: true });
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  test('is not held up for ever by a body that drips, and first waits for what comes whole', async () => {
    const probe = await startProbe(runtime, ['0', '3000']);
    const { begun } = await probe.seen();
    const dripping = await talk(probe.port);
    await dripping.send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => dripping.send('x'), 20);
    const sending = await talk(probe.port);
    await sending.send('PUT /take HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
    await probe.until((seen) => seen.begun >= begun + 2);
    await probe.halt();
    // What is closed without patience is closed by now.
    await Bun.sleep(1000);
    expect(dripping.closed()).toBe(false);
    await sending.send('dy');
    expect(await sending.hears(/\{.*\}/)).toContain('{"size":4');
    expect(await probe.end()).toEqual({ code: 0, stopped: true });
    clearInterval(drip);
    expect(await dripping.ends()).not.toContain(' 200 ');
  });

  test('with nothing in flight takes no time', async () => {
    const probe = await startProbe(runtime);
    const fresh = await talk(probe.port);
    const startedAt = performance.now();
    await probe.halt();
    expect(await probe.end()).toEqual({ code: 0, stopped: true });
    expect(performance.now() - startedAt).toBeLessThan(3000);
    fresh.socket.destroy();
  });
});

describe.each([...RUNTIMES])('a port that cannot be had, in %s', (runtime) => {
  async function complaint(port: number, before: string[] = []): Promise<string> {
    const child = spawnProbe(runtime, [String(port)], before);
    let said = '';
    child.stdout!.on('data', (text) => {
      said += text;
    });
    await once(child, 'close');
    return said.trim();
  }

  test('is EADDRINUSE where somebody has it', async () => {
    const port = await freePort();
    const other = Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } });
    expect(await complaint(port)).toBe('EADDRINUSE');
    other.stop();
  });

  const asRoot = process.getuid?.() === 0;
  // Elsewhere low ports are anybody's, or root cannot be kept from them.
  test.skipIf(process.platform !== 'linux' || (asRoot && !Bun.which('setpriv')))(
    'is EACCES where it takes rights that are missing',
    async () => {
      expect(await complaint(1, asRoot ? ['setpriv', '--bounding-set=-net_bind_service'] : [])).toBe('EACCES');
    },
  );
});

/** Resolves when the number has been the same for a second. */
async function standsStill(measure: () => number | Promise<number>): Promise<void> {
  for (let last = -1, same = 0; same < 10; await Bun.sleep(100)) {
    const now = await measure();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

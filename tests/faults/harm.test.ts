import { afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { allowing, first, PORTAL } from './answers.ts';
import { atEnd, between, echo, endAll, MIB, put, random, rawTarget } from './fixture.ts';

afterEach(endAll);

const isPut = ({ method }: { method: string }) => method === 'PUT';

describe('one fault of the proxy', () => {
  test('a stall stops the bytes at a share of the body and keeps the connection, until it is over', async () => {
    const proxy = await between({}, echo());
    const over = proxy.harm(first(1, isPut), 'stall', 0.25);
    const waiting = put(proxy.url, random(MIB));
    await proxy.waitFor(() => proxy.puts()[0]?.bytes === MIB / 4);
    // Whoever comes next is not stopped.
    expect((await put(proxy.url, 'x')).status).toBe(200);
    expect(proxy.puts()[0]).toMatchObject({ bytes: MIB / 4, taken: MIB / 4, length: MIB });
    expect(proxy.puts()[0]!.brokenAt).toBeUndefined();
    over();
    expect((await (await waiting).json()).size).toBe(MIB);
  });

  test('a reset is one for the client, and the target sees no end of the request', async () => {
    let came = 0;
    const hungUp = Promise.withResolvers<void>();
    const port = await rawTarget((socket) => {
      socket.on('data', (bytes) => {
        came += bytes.length;
      });
      socket.once('close', hungUp.resolve);
    });
    const proxy = await between({}, port);
    proxy.harm(isPut, 'reset', 0.5);
    const client = connect(proxy.port, '127.0.0.1');
    const failure = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
    client.write(
      Buffer.concat([Buffer.from('PUT / HTTP/1.1\r\ncontent-length: 100000\r\n\r\n'), Buffer.alloc(100_000)]),
    );
    expect((await failure).code).toBe('ECONNRESET');
    await hungUp.promise;
    expect(came).toBeLessThan(51_000);
    await proxy.waitFor(() => proxy.puts()[0]!.brokenAt !== undefined);
    expect(proxy.puts()[0]!.bytes).toBe(50_000);
  });

  test('damage changes one byte of the body and no other', async () => {
    const target = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => new Response(await request.bytes()),
    });
    atEnd(() => target.stop(true));
    const proxy = await between({}, target.port!);
    proxy.harm(first(1, isPut), 'damage', 0.5);
    const body = random(1000);
    const came = await (await put(proxy.url, body)).bytes();
    expect([...came].flatMap((byte, at) => (byte === body[at] ? [] : [at]))).toEqual([500]);
    expect(await (await put(proxy.url, body)).bytes()).toEqual(body);
  });

  test('a lost answer: the target has the whole body, and the client an ended connection', async () => {
    const proxy = await between({}, echo());
    proxy.lose(first(1, isPut), 30);
    const started = performance.now();
    await expect(put(proxy.url, random(5000))).rejects.toThrow();
    expect(performance.now() - started).toBeGreaterThan(25);
    expect(proxy.puts()[0]!.bytes).toBe(5000);
    expect(proxy.puts()[0]!.status).toBeUndefined();
    expect((await put(proxy.url, 'x')).status).toBe(200);
  });

  test('a line is cut after so many bytes of all connections together, again and again', async () => {
    const proxy = await between({}, echo());
    const mend = proxy.cutEvery(MIB);
    await expect(put(proxy.url, random(2 * MIB))).rejects.toThrow();
    const first = proxy.bytesSince(0);
    expect(Math.abs(first - MIB)).toBeLessThan(MIB / 8);
    const both = await Promise.allSettled([put(proxy.url, random(MIB)), put(proxy.url, random(MIB))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await put(proxy.url, random(MIB / 4))).status).toBe(200);
    mend();
    expect((await put(proxy.url, random(2 * MIB))).status).toBe(200);
  });

  test('a connection is cut after so many bytes of its own', async () => {
    const proxy = await between({}, echo());
    proxy.cutEvery(MIB, 'connection');
    const [small, large] = await Promise.allSettled([put(proxy.url, random(MIB / 2)), put(proxy.url, random(2 * MIB))]);
    expect([small.status, large.status]).toEqual(['fulfilled', 'rejected']);
  });

  test('what a page gets in place of the answer it may read, and all of it is taken back at once', async () => {
    const proxy = await between({}, echo());
    proxy.answer(isPut, allowing('https://app.example.com', PORTAL));
    proxy.hold(({ path }) => path === '/held');
    const held = fetch(`${proxy.url}/held`);
    await proxy.waitFor(() => proxy.requests.some((seen) => seen.held));
    const answer = await put(proxy.url, random(5000));
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example.com',
    ]);
    expect(await answer.text()).toContain('<title>');
    expect(proxy.puts()[0]).toMatchObject({ bytes: 0, taken: 5000 });
    proxy.clear();
    expect((await held).status).toBe(200);
    expect((await (await put(proxy.url, random(10))).json()).size).toBe(10);
  });
});

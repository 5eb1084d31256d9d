import { afterEach, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { digestsOf } from '../bytes.ts';
import { atEnd, between, echo, endAll, MIB, put, random, rawTarget } from './fixture.ts';

afterEach(endAll);

describe('the proxy', () => {
  test('passes everything on untouched, the Host header too, and says what it saw', async () => {
    const proxy = await between({}, echo());
    const body = random(50_000);
    const mark = performance.now();
    const seen = await (await put(proxy.url, body)).json();
    const { sha256 } = await digestsOf([body]);
    expect(seen).toEqual({
      host: `127.0.0.1:${proxy.port}`,
      url: '?partNumber=1&uploadId=a%2Fb',
      size: 50_000,
      sha256,
    });

    await proxy.waitFor(() => proxy.puts()[0]?.finishedAt !== undefined);
    expect(proxy.requests).toHaveLength(1);
    expect(proxy.puts()[0]).toMatchObject({
      method: 'PUT',
      path: '/key',
      query: 'partNumber=1&uploadId=a%2Fb',
      bytes: 50_000,
      status: 200,
    });
    expect(proxy.bytesSince(mark)).toBe(50_000);
    expect(proxy.bytesBegunSince(performance.now())).toBe(0);
  });

  test('keeps the requests of one connection apart, chunked ones among them', async () => {
    const proxy = await between({}, echo());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    atEnd(() => agent.destroy());
    for (const [size, chunked] of [
      [10, false],
      [70_000, true],
      [0, false],
    ] as const) {
      const asked = request(proxy.url, { agent, method: 'PUT', headers: chunked ? {} : { 'content-length': size } });
      asked.end(Buffer.alloc(size));
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      expect(JSON.parse(Buffer.concat(await answer.toArray()).toString()).size).toBe(size);
    }
    expect(proxy.puts().map(({ bytes, status }) => [bytes, status])).toEqual([
      [10, 200],
      [70_000, 200],
      [0, 200],
    ]);
  });

  test('holds and delays what it is told to, before the target hears of it or before the client does', async () => {
    const proxy = await between({}, echo());
    const release = proxy.hold(({ query }) => query === 'held');
    const held = put(proxy.url, 'a', '/k?held');
    expect((await put(proxy.url, 'b', '/k?other')).status).toBe(200);
    await proxy.waitFor(() => proxy.requests.some((seen) => seen.held));
    expect(proxy.requests.find(({ query }) => query === 'held')!.bytes).toBe(0);
    release();
    expect((await held).status).toBe(200);

    const tell = proxy.hold(({ path }) => path === '/late', 'response');
    const late = put(proxy.url, 'abc', '/late');
    await proxy.waitFor(() => proxy.requests.some((seen) => seen.held && seen.bytes === 3));
    tell();
    expect((await late).status).toBe(200);

    proxy.delay(() => true, 60);
    const started = performance.now();
    await put(proxy.url, 'c');
    expect(performance.now() - started).toBeGreaterThan(55);
  });

  test('answers in place of the target', async () => {
    const port = echo();
    const proxy = await between({}, port);
    const undo = proxy.answer(({ method }) => method === 'PUT', {
      status: 503,
      headers: { 'x-why': 'test' },
      body: 'no',
    });
    const answer = await put(proxy.url, random(5000));
    expect([answer.status, answer.headers.get('x-why'), await answer.text()]).toEqual([503, 'test', 'no']);
    expect(proxy.bytesSince(0)).toBe(0);
    undo();
    expect((await put(proxy.url, 'x')).status).toBe(200);
  });

  test('cuts every connection, and client and target both see it', async () => {
    const hungUp = Promise.withResolvers<void>();
    const proxy = await between({}, await rawTarget((socket) => socket.resume().once('close', hungUp.resolve)));
    const asked = put(proxy.url, 'never answered');
    await proxy.waitFor(() => proxy.bytesSince(0) > 0);
    proxy.cut();
    await expect(asked).rejects.toThrow();
    await hungUp.promise;
    await proxy.waitFor(() => proxy.requests[0]!.brokenAt !== undefined);
    expect(proxy.requests[0]!.status).toBeUndefined();
  });

  test('is down for new connections, and up again on the same port', async () => {
    const proxy = await between({}, echo());
    await proxy.down();
    await expect(put(proxy.url, 'x')).rejects.toThrow();
    await proxy.up();
    expect((await put(proxy.url, 'x')).status).toBe(200);
  });

  test('passes on an answer given before the request has ended', async () => {
    const hasty = await rawTarget((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno'));
    });
    const proxy = await between({}, hasty);
    const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
    client.write(`PUT / HTTP/1.1\r\ncontent-length: ${MIB}\r\n\r\nonly the beginning`);
    expect(Buffer.concat(await client.toArray()).toString()).toEndWith('no');
    expect(proxy.requests[0]!.status).toBe(403);
  });
});

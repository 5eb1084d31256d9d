/** One client's connection and the one to the target that belongs to it. */

import type { Socket } from 'node:net';
import { createFraming, requestBody, responseBody, statusOf } from './framing.ts';
import type { Answer, Rules } from './rules.ts';
import type { Throttle } from './throttle.ts';
import type { Seen, Traffic } from './traffic.ts';

export interface Line {
  traffic: Traffic;
  rules: Rules;
  throttle: Throttle;
  /** Milliseconds before each request is passed on. */
  latency: () => number;
  /** Told of every byte from client to target; `connection` is how many this one has carried. */
  carried: (bytes: number, connection: number) => boolean;
}

/** So that a cut falls where it was told to. */
const LONGEST_STEP = 65_536;

/** The same bytes, but for the first. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[0]! ^= 1;
  return copy;
}

/** Resolves when the socket will take more; rejects when it never will. */
function send(socket: Socket, bytes: Buffer): Promise<void> | undefined {
  if (socket.destroyed) return Promise.reject(new Error('connection closed'));
  if (socket.write(bytes)) return undefined;
  return new Promise((resolve, reject) => {
    const settle = () => {
      socket.off('drain', settle).off('close', settle);
      if (socket.destroyed) reject(new Error('connection closed'));
      else resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}

function render({ status, headers = {}, body = '' }: Answer, method: string): Buffer {
  const bytes = Buffer.from(method === 'HEAD' ? '' : body);
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const head = [`HTTP/1.1 ${status} ${status}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}

export async function relay(client: Socket, target: Socket, line: Line): Promise<void> {
  const { traffic, rules, throttle } = line;
  /** Forwarded and not yet answered whole, oldest first. */
  const asked: Seen[] = [];
  let reading: Seen | undefined;
  /** Some servers answer and hang up before the request has ended: what still comes then goes nowhere. */
  let deaf = false;

  /** Bytes that this connection has carried from the client. */
  let carried = 0;
  let harm: ReturnType<Rules['harmTo']>;

  /** How many bytes of the body are left before its harm; none where there is none. */
  const untilHarm = ({ length, taken }: Seen): number =>
    harm ? Math.max(0, Math.ceil(length * harm.share) - taken) : Number.POSITIVE_INFINITY;

  /** Resolves to what the harm leaves of the bytes that come next. */
  async function strike(bytes: Buffer): Promise<Buffer> {
    const { harm: kind, over } = harm!;
    harm = undefined;
    if (kind === 'damage') return damaged(bytes);
    if (kind === 'reset') {
      client.resetAndDestroy();
      throw new Error('the connection was reset');
    }
    // Whoever gives up meanwhile ends it, too.
    await Promise.race([over, new Promise((resolve) => client.once('close', resolve))]);
    return bytes;
  }

  async function forward(bytes: Buffer, body?: Seen): Promise<void> {
    for (let at = 0; at < bytes.length && !deaf; ) {
      let rest = bytes.subarray(at);
      if (body && untilHarm(body) === 0) rest = await strike(rest);
      const step = rest.subarray(0, Math.min(throttle.step(), LONGEST_STEP, (body && untilHarm(body)) || LONGEST_STEP));
      await throttle.take(step.length);
      if (body) body.taken += step.length;
      try {
        await send(target, step);
      } catch {
        deaf = true;
        return;
      }
      if (body) traffic.forwarded(body, step.length);
      at += step.length;
      carried += step.length;
      if (!line.carried(step.length, carried)) throw new Error('the connection has carried enough');
    }
  }

  async function answerHere(seen: Seen, answer: Answer): Promise<void> {
    await send(client, render(answer, seen.method));
    traffic.update(seen, { status: answer.status, finishedAt: performance.now() });
  }

  async function requests(): Promise<void> {
    const framing = createFraming(requestBody);
    let answer: Answer | undefined;
    for await (const chunk of client) {
      for (const piece of framing.feed(chunk as Buffer)) {
        if (piece.kind === 'head') {
          reading = traffic.begin(piece.head.startLine, Number(piece.head.headers.get('content-length') ?? 0));
          harm = rules.harmTo(reading);
          if (line.latency() > 0) await new Promise((resolve) => setTimeout(resolve, line.latency()));
          answer = await rules.pass(reading, 'request');
          if (!answer) {
            asked.push(reading);
            await forward(piece.bytes);
          } else if (piece.head.headers.has('expect')) {
            await send(client, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
          }
        } else if (piece.kind === 'end') {
          if (answer) await answerHere(reading!, answer);
          reading = undefined;
        } else if (answer) {
          await throttle.take(piece.bytes.length);
          if (piece.kind === 'body') reading!.taken += piece.bytes.length;
        } else await forward(piece.bytes, piece.kind === 'body' ? reading : undefined);
      }
    }
  }

  async function responses(): Promise<void> {
    const framing = createFraming((head) => responseBody(head, asked[0]?.method ?? ''));
    let status = 0;
    const finish = () => {
      // 100 Continue and its like announce the answer and are none.
      const seen = status < 200 ? undefined : asked.shift();
      if (seen) traffic.update(seen, { finishedAt: performance.now() });
    };
    for await (const chunk of target) {
      for (const piece of framing.feed(chunk as Buffer)) {
        if (piece.kind === 'end') {
          finish();
          continue;
        }
        const seen = asked[0];
        if (piece.kind === 'head') {
          status = statusOf(piece.head);
          if (seen && status >= 200) {
            await rules.pass(seen, 'response');
            traffic.update(seen, { status });
          }
        }
        await send(client, piece.bytes);
      }
    }
    if (framing.finish().length > 0) finish();
  }

  const heard = responses()
    .catch(() => {})
    .then(() => {
      deaf = true;
      client.end();
    });
  await requests().catch(() => {});
  // The client is gone: the target must see that, not a request that ends well.
  target.destroy();
  client.destroy();
  await heard;
  for (const seen of new Set([...asked, reading])) {
    if (seen && seen.finishedAt === undefined) traffic.update(seen, { held: false, brokenAt: performance.now() });
  }
}

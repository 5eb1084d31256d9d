import { answerOf, type Calls, callApi, type Identity, post } from './api.ts';
import type { Flow } from './flow.ts';
import { RequestError } from './retry.ts';

/** Calls in one request, as the server allows. */
const MOST = 64;
/** Milliseconds that a call waits for others while there is enough to send. */
const PATIENCE_MS = 2000;

/** Statuses by which the request of many is refused, not what it asks for. */
const REFUSED = new Set([400, 404, 405, 413]);
/** After this many vain ones in a row calls go alone: a proxy in between may know no such address. */
const MOST_VAIN = 2;
/** An older server has no such call. */
const LACKING = Number.POSITIVE_INFINITY;

export type Gathered = 'init' | 'complete';

/** How a call is made. */
export interface Manner {
  identity?: Identity;
  idempotencyKey?: string;
  /** One that has not left yet does not leave when it aborts. */
  signal?: AbortSignal;
}

interface Waiting {
  call: object;
  /** The same by itself. */
  alone: () => Promise<unknown>;
  settle: (answer: () => unknown) => void;
}

/** Calls that go out together: of one server, under one identity. */
interface Queue {
  endpoint: string;
  name: Gathered;
  identity: Identity;
  waiting: Waiting[];
  /** When the one that has waited longest came. */
  since: number;
  asking: boolean;
  timer?: ReturnType<typeof setTimeout>;
  /** The timer runs: it leaves at once, or in two seconds. */
  due?: boolean | undefined;
}

export type Gatherer = ReturnType<typeof createGatherer>;

/**
 * Makes the calls of many small files in few round trips. The first leaves at once; what comes while it is under way goes
 * with the next, which leaves when the line has nothing more to send or, at the latest, after two seconds.
 */
export function createGatherer(flow: Flow) {
  const queues = new Map<string, Queue>();
  /** How often in a row each server gave no answer to many calls in one. */
  const vain = new Map<string, number>();

  const isDue = (queue: Queue) => (queue.name === 'init' ? flow.hungry : flow.idle && !others(queue));
  const others = (queue: Queue) => [...queues.values()].some((q) => q !== queue && (q.asking || q.waiting.length));

  function look(queue: Queue): void {
    if (queue.asking || !queue.waiting.length) return;
    const due = isDue(queue) || queue.waiting.length >= MOST;
    if (due === queue.due) return;
    clearTimeout(queue.timer);
    // What is asked for in the same turn goes along.
    const wait = due ? 0 : Math.max(0, queue.since + PATIENCE_MS - performance.now());
    queue.timer = setTimeout(() => ask(queue), wait);
    queue.due = due;
  }
  async function ask(queue: Queue): Promise<void> {
    clearTimeout(queue.timer);
    queue.due = undefined;
    if (queue.asking) return;
    queue.asking = true;
    const together = queue.waiting.splice(0, MOST);
    queue.since = performance.now();
    await askTogether(queue, together).catch((error) => settleAll(queue, together, error));
    queue.asking = false;
    for (const any of queues.values()) look(any);
  }
  /** What was refused for being many goes again, one by one; else each hears why. */
  function settleAll({ endpoint }: Queue, together: Waiting[], error: unknown): void {
    const many = together.length > 1;
    const status = error instanceof RequestError ? error.failure.status : undefined;
    if (many) vain.set(endpoint, status === 404 ? LACKING : (vain.get(endpoint) ?? 0) + 1);
    for (const { settle, alone } of together) {
      const answer = many && REFUSED.has(status!) ? alone() : Promise.reject(error);
      const fail = (why: unknown) =>
        settle(() => {
          throw why;
        });
      answer.then((told) => settle(() => told), fail);
    }
  }
  async function askTogether({ endpoint, identity, name }: Queue, together: Waiting[]): Promise<void> {
    const [first, ...others] = together;
    if (first && !others.length) {
      const answer = await first.alone();
      return first.settle(() => answer);
    }
    const calls = together.map(({ call }) => ({ call: name, ...call }));
    const { answers } = await post<{ answers: { status: number; retryAfter?: number }[] }>(
      `${endpoint}/batch`,
      { calls },
      identity,
    );
    vain.delete(endpoint);
    for (const [n, { settle }] of together.entries()) {
      const { status, retryAfter, ...answer } = answers[n] ?? { status: 0 };
      settle(() => answerOf(status, answer, retryAfter));
    }
  }
  flow.watchRoom(() => {
    for (const queue of queues.values()) look(queue);
  });

  return async function gather<Name extends Gathered>(
    endpoint: string,
    name: Name,
    request: Calls[Name][0],
    { identity = {}, idempotencyKey, signal }: Manner = {},
  ): Promise<Calls[Name][1]> {
    const alone = () =>
      callApi(
        endpoint,
        name,
        request,
        idempotencyKey
          ? { ...identity, headers: { ...identity.headers, 'idempotency-key': idempotencyKey } }
          : identity,
      );
    if ((vain.get(endpoint) ?? 0) >= MOST_VAIN) {
      const answer = await alone();
      // The server can be reached: it is asked for many at once again, once.
      if (vain.get(endpoint)! < LACKING) vain.set(endpoint, MOST_VAIN - 1);
      return answer;
    }
    const key = JSON.stringify([endpoint, name, identity]);
    const queue = queues.get(key) ?? { endpoint, name, identity, waiting: [], since: 0, asking: false };
    queues.set(key, queue);
    const { promise, resolve, reject } = Promise.withResolvers<Calls[Name][1]>();
    const settle: Waiting['settle'] = (answer) => {
      try {
        resolve(answer() as Calls[Name][1]);
      } catch (error) {
        reject(error);
      }
    };
    if (!queue.waiting.length) queue.since = performance.now();
    const entry = { call: { ...request, ...(idempotencyKey && { idempotencyKey }) }, alone, settle };
    queue.waiting.push(entry);
    look(queue);
    const leave = () => {
      if (!queue.waiting.includes(entry)) return;
      queue.waiting = queue.waiting.filter((other) => other !== entry);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave);
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  };
}

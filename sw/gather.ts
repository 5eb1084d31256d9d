import { answerOf, type Calls, callApi, type Identity, post } from './api.ts';
import type { Flow } from './flow.ts';
import { RequestError } from './retry.ts';

/** Calls in one request, as the server allows. */
const MOST = 64;
/** Milliseconds that a call waits for others while there is enough to send. */
const PATIENCE_MS = 2000;

type Gathered = 'init' | 'complete';

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
  /** An older server has no such call. */
  const lacking = new Set<string>();

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
    await askTogether(queue, together).catch((error) => {
      for (const { settle } of together)
        settle(() => {
          throw error;
        });
    });
    queue.asking = false;
    for (const any of queues.values()) look(any);
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
    identity: Identity = {},
    idempotencyKey?: string,
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
    if (lacking.has(endpoint)) return alone();
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
    queue.waiting.push({ call: { ...request, ...(idempotencyKey && { idempotencyKey }) }, alone, settle });
    look(queue);
    return promise.catch((error) => {
      const { code } = error instanceof RequestError ? error.failure : {};
      if (code !== 'NOT_FOUND' && code !== 'METHOD_NOT_ALLOWED') throw error;
      lacking.add(endpoint);
      return alone();
    });
  };
}

/** Calls that take their steps in turns, so that every way in which two can overtake each other is one that was tried. */

import type { Watch } from './step.ts';

/** Every order of `a` steps of the one and `b` of the other, as `aabab…`. */
export function ordersOf(a: number, b: number): string[] {
  if (!a || !b) return ['a'.repeat(a) + 'b'.repeat(b)];
  return [...ordersOf(a - 1, b).map((rest) => `a${rest}`), ...ordersOf(a, b - 1).map((rest) => `b${rest}`)];
}

/**
 * Lets `a` and `b` take their steps as `order` says. What one that has ended leaves of its turns is dropped, and when
 * all are taken each goes on as it comes.
 */
export async function inTurns<T>(order: string, calls: Record<string, (watch: Watch) => Promise<T>>): Promise<T[]> {
  const queue = [...order];
  const waiting = new Map<string, () => void>();
  const ended = new Set<string>();
  let going: string | undefined;

  function next(): void {
    while (queue.length && ended.has(queue[0]!)) queue.shift();
    const turn = queue[0] ?? waiting.keys().next().value;
    if (going || !turn || !waiting.has(turn)) return;
    queue.shift();
    going = turn;
    waiting.get(turn)!();
  }

  /** Where `name` stands its step is over. */
  function rest(name: string): void {
    if (going === name) going = undefined;
    next();
  }

  const watchOf =
    (name: string): Watch =>
    async (_, moment) => {
      if (moment !== 'before') return;
      await new Promise<void>((resolve) => {
        waiting.set(name, resolve);
        rest(name);
      });
      waiting.delete(name);
    };
  return Promise.all(
    Object.entries(calls).map(([name, call]) =>
      call(watchOf(name)).finally(() => {
        ended.add(name);
        rest(name);
      }),
    ),
  );
}

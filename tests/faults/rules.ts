/** Which requests a test has singled out, and what becomes of them. */

import type { Seen, Traffic } from './traffic.ts';

export type Predicate = (seen: Seen) => boolean;

/** Before the target has heard of the request, or before the client hears the answer. */
export type Moment = 'request' | 'response';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

interface Rule {
  matches: Predicate;
  moment: Moment;
  /** Resolves to an answer where the target is not to be asked at all. */
  apply: () => Promise<Answer | undefined>;
}

export type Rules = ReturnType<typeof createRules>;

export function createRules(traffic: Traffic) {
  const rules = new Set<Rule>();

  /** Returns the function that takes the rule back. */
  function add(rule: Rule): () => void {
    rules.add(rule);
    return () => rules.delete(rule);
  }

  return {
    hold(matches: Predicate, moment: Moment = 'request'): () => void {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const remove = add({ matches, moment, apply: () => promise });
      return () => {
        remove();
        resolve(undefined);
      };
    },
    delay(matches: Predicate, ms: number, moment: Moment = 'request'): () => void {
      const pause = () => new Promise<undefined>((resolve) => setTimeout(resolve, ms));
      return add({ matches, moment, apply: pause });
    },
    answer(matches: Predicate, answer: Answer): () => void {
      return add({ matches, moment: 'request', apply: async () => answer });
    },
    /** Resolves when `seen` may go on: to the answer that it gets here, or to undefined if it is to be forwarded. */
    async pass(seen: Seen, moment: Moment): Promise<Answer | undefined> {
      for (const rule of [...rules]) {
        if (rule.moment !== moment || !rule.matches(seen)) continue;
        traffic.update(seen, { held: true });
        const answer = await rule.apply();
        traffic.update(seen, { held: false });
        if (answer) return answer;
      }
      return undefined;
    },
  };
}

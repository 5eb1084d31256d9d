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

/**
 * What befalls a request's body once `share` of it has passed. `stall`: its bytes stop, and the connection stays. `reset`:
 * the connection is reset (RST). `damage`: the next byte arrives as another.
 */
export type Harm = 'stall' | 'reset' | 'damage';

interface HarmRule {
  matches: Predicate;
  harm: Harm;
  share: number;
  over: Promise<void>;
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
  const harms = new Set<HarmRule>();
  const undos = new Set<() => void>();

  /** Returns the function that takes the rule back, once. */
  function undoing(undo: () => void): () => void {
    const once = () => void (undos.delete(once) && undo());
    undos.add(once);
    return once;
  }
  function add(rule: Rule): () => void {
    rules.add(rule);
    return undoing(() => rules.delete(rule));
  }

  return {
    undoing,
    /** Takes back all that is still in force. */
    clear(): void {
      for (const undo of [...undos]) undo();
    },
    hold(matches: Predicate, moment: Moment = 'request'): () => void {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const rule: Rule = { matches, moment, apply: () => promise };
      rules.add(rule);
      return undoing(() => {
        rules.delete(rule);
        resolve(undefined);
      });
    },
    harm(matches: Predicate, harm: Harm, share = 0.5): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      const rule: HarmRule = { matches, harm, share, over: promise };
      harms.add(rule);
      return undoing(() => {
        harms.delete(rule);
        resolve();
      });
    },
    harmTo: (seen: Seen): HarmRule | undefined => [...harms].find(({ matches }) => matches(seen)),
    lose(matches: Predicate, ms = 0): () => void {
      const lost = async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        throw new Error('the answer is lost');
      };
      return add({ matches, moment: 'response', apply: lost });
    },
    delay(matches: Predicate, ms: number, moment: Moment = 'request'): () => void {
      const pause = () => new Promise<undefined>((resolve) => setTimeout(resolve, ms));
      return add({ matches, moment, apply: pause });
    },
    /** Where a function gives none, the target answers. */
    answer(matches: Predicate, answer: Answer | (() => Answer | undefined)): () => void {
      return add({ matches, moment: 'request', apply: async () => (typeof answer === 'function' ? answer() : answer) });
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

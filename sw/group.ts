/**
 * Makes of `work`, which answers many at once, a function that is asked one by one: what is asked while it works goes
 * together with the next. Where it rejects each is tried once more by itself, so that none fails for another.
 */
export function grouped<Ask, Answer>(work: (asks: Ask[]) => Promise<Answer[]>): (ask: Ask) => Promise<Answer> {
  let waiting: { ask: Ask; answer: PromiseWithResolvers<Answer> }[] = [];
  let working = false;

  async function settle(together: typeof waiting): Promise<void> {
    const answers = await work(together.map(({ ask }) => ask));
    together.forEach(({ answer }, at) => void answer.resolve(answers[at]!));
  }
  async function workAll(): Promise<void> {
    working = true;
    while (waiting.length) {
      const together = waiting;
      waiting = [];
      await settle(together).catch(async (error) => {
        if (together.length > 1) for (const one of together) await settle([one]).catch(one.answer.reject);
        else together[0]!.answer.reject(error);
      });
    }
    working = false;
  }
  return (ask) => {
    const answer = Promise.withResolvers<Answer>();
    waiting.push({ ask, answer });
    if (!working) void workAll();
    return answer.promise;
  };
}

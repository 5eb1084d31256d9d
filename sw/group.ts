/**
 * Makes of `work`, which answers many at once, a function that is asked one by one: what is asked while it works goes
 * together with the next. Where it rejects, so does all that went along.
 */
export function grouped<Ask, Answer>(work: (asks: Ask[]) => Promise<Answer[]>): (ask: Ask) => Promise<Answer> {
  let waiting: { ask: Ask; answer: PromiseWithResolvers<Answer> }[] = [];
  let working = false;

  async function workAll(): Promise<void> {
    working = true;
    while (waiting.length) {
      const together = waiting;
      waiting = [];
      await work(together.map(({ ask }) => ask)).then(
        (answers) => together.forEach(({ answer }, at) => void answer.resolve(answers[at]!)),
        (error) => together.forEach(({ answer }) => void answer.reject(error)),
      );
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

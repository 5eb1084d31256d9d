/** Runs work under a name, one after the other for the same name. */
export type Hold = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** A set of locks that live as long as somebody waits for them. Not reentrant. */
export function locks(): Hold {
  const tails = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const turn = (tails.get(name) ?? Promise.resolve()).then(work, work);
    tails.set(name, turn);
    const leave = () => {
      if (tails.get(name) === turn) tails.delete(name);
    };
    turn.then(leave, leave);
    return turn;
  };
}

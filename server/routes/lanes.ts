/**
 * Does `work` for each of `items`, `size` of them side by side; answers stand in the order of the items. One that takes
 * longer than `patience` milliseconds, as one that waits for somebody else does, lets the next begin.
 */
export async function inLanes<Item, Done>(
  items: Item[],
  size: number,
  patience: number,
  work: (item: Item, at: number) => Promise<Done>,
): Promise<Done[]> {
  const begun: Promise<Done>[] = [];
  const queue = items.entries();
  async function lane(): Promise<void> {
    for (const [at, item] of queue) {
      begun[at] = work(item, at);
      await doneOr(begun[at], patience);
    }
  }
  await Promise.all(Array.from({ length: size }, lane));
  return Promise.all(begun);
}

async function doneOr(work: Promise<unknown>, patience: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

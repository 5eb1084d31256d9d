/** The budget of things at once, shared first come, first served. */
export interface Slots {
  /** Runs `work` as soon as fewer than `most` others run. */
  run<T>(most: number, work: () => Promise<T>): Promise<T>;
}

export function createSlots(): Slots {
  const queue: { most: number; admit: () => void }[] = [];
  let running = 0;

  function admit(): void {
    while (queue[0] && running < queue[0].most) {
      running++;
      queue.shift()!.admit();
    }
  }
  return {
    async run(most, work) {
      await new Promise<void>((resolve) => {
        queue.push({ most, admit: resolve });
        admit();
      });
      try {
        return await work();
      } finally {
        running--;
        admit();
      }
    },
  };
}

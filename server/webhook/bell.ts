export interface Bell {
  /** Ends the wait of the moment, or the next one. */
  ring(): void;
  /** Resolves when the bell rings, has rung since the last wait, or `ms` are over. */
  wait(ms: number): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let rouse = () => {};
  return {
    ring: () => {
      rung = true;
      rouse();
    },
    wait: (ms) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(() => rouse(), ms);
        rouse = () => {
          clearTimeout(timer);
          rung = false;
          resolve();
        };
        if (rung) rouse();
      }),
  };
}

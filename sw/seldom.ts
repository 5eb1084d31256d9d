const PAUSE_MS = 500;

/** Makes of `work`, whose failure nobody hears, what runs half a second after it is asked for, once for all who ask meanwhile. */
export function seldom(work: () => Promise<unknown>): () => void {
  let asked = false;
  return () => {
    if (!asked)
      setTimeout(() => {
        asked = false;
        work().catch(() => {});
      }, PAUSE_MS);
    asked = true;
  };
}

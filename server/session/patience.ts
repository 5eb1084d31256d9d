const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks again, ever less often, until `ask` answers something or `ms` are over. */
export async function patiently<T>(ms: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const until = performance.now() + ms;
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 1000)) {
    const answer = await ask();
    if (answer !== undefined || performance.now() + wait > until) return answer;
    await pause(wait);
  }
}

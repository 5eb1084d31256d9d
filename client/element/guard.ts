/**
 * Has the browser ask before the page is left, while leaving would lose what was picked: between the pick and the moment
 * when everything is on the device, which is short, and longer only where nothing can be kept. Listened to only that
 * long, because some browsers keep no page for "back" that has such a listener.
 */
export function createGuard(isAtRisk: () => boolean) {
  let listening = false;
  const ask = (event: Event) => {
    if (isAtRisk()) event.preventDefault();
  };
  return {
    /** To be called when that may have changed. */
    update(): void {
      const wanted = isAtRisk();
      if (wanted === listening) return;
      listening = wanted;
      window[wanted ? 'addEventListener' : 'removeEventListener']('beforeunload', ask);
    },
  };
}

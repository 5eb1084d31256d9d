/**
 * Has the browser ask before the page is left, while leaving would lose what was picked: between the pick and the moment
 * when everything is on the device, which is short, and longer only where nothing can be kept. Listened to only that
 * long, because some browsers keep no page for "back" that has such a listener.
 */
export function createGuard(isAtRisk: () => boolean) {
  const ask = (event: Event) => {
    if (isAtRisk()) event.preventDefault();
  };
  return {
    /** Something may be at risk from now on. */
    watch: () => window.addEventListener('beforeunload', ask),
    /** Stops listening where nothing is at risk any more. */
    rest(): void {
      if (!isAtRisk()) window.removeEventListener('beforeunload', ask);
    },
  };
}

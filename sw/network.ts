/** Network Information is not in TypeScript's libraries, nor in Firefox and Safari (https://wicg.github.io/netinfo/). */
interface Connection extends EventTarget {
  readonly type?: string;
  readonly saveData?: boolean;
}

const connection = (): Connection | undefined => (navigator as { connection?: Connection }).connection;

/** What is sent is paid for, as far as the browser knows: a mobile network, or a person who saves data. */
export const isMetered = ({ type, saveData }: Partial<Connection> = connection() ?? {}): boolean =>
  saveData === true || type === 'cellular';

/** Calls back when another network has come; returns how to stop. */
export function onNetworkChange(listener: () => void): () => void {
  const network = connection();
  network?.addEventListener('change', listener);
  return () => network?.removeEventListener('change', listener);
}

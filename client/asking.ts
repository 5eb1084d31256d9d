import type { Bus } from '../sw/bus.ts';

/** Milliseconds that another tab has to answer; a frozen one does not. */
const PATIENCE_MS = 200;

/** Whether another open tab says that it has the file of the upload `id`. */
export function answersFor(bus: Bus, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (found: boolean) => {
      clearTimeout(timer);
      unlisten();
      resolve(found);
    };
    const timer = setTimeout(end, PATIENCE_MS, false);
    const unlisten = bus.listen((message) => message.type === 'mine' && message.id === id && end(true));
    bus.post({ type: 'whose', id });
  });
}

/**
 * The desktop that a browser on Linux hands its notifications to, and the person before it who clicks
 * (https://specifications.freedesktop.org/notification-spec/latest/).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBus } from './bus.ts';

const WAIT_MS = 60_000;
/** Why a notification has gone: the one who showed it took it back. */
const TAKEN_BACK = 3;

export interface Shown {
  id: number;
  title: string;
  body: string;
}

export type Desktop = Awaited<ReturnType<typeof startDesktop>>;

export async function startDesktop() {
  const folder = mkdtempSync(join(tmpdir(), 'partway-desktop-'));
  /** On the screen, oldest first. */
  let screen: Shown[] = [];
  let last = 0;
  const watching = new Set<() => void>();

  function change(now: Shown[]): void {
    screen = now;
    for (const look of watching) look();
  }
  const bus = await startBus(join(folder, 'bus'), {
    name: 'org.freedesktop.Notifications',
    path: '/org/freedesktop/Notifications',
    answer(member, [first, replaced, , title, text]) {
      if (member === 'GetCapabilities') return [['actions', 'body', 'persistence']];
      if (member === 'GetServerInformation') return ['desktop', 'Partway', '1', '1.2'];
      const without = (gone: unknown) => screen.filter(({ id }) => id !== gone);
      if (member === 'Notify') {
        const id = Number(replaced) || ++last;
        // Before its words Chromium names the origin.
        const body = String(text).replace(/^[^\n]*\n\n/, '');
        change([...without(id), { id, title: String(title), body }]);
        return [id];
      }
      if (member === 'CloseNotification') {
        change(without(first));
        bus.signal('NotificationClosed', Number(first), TAKEN_BACK);
      }
      return [];
    },
  });
  return {
    /** What the browser must find in its environment. */
    env: { DBUS_SESSION_BUS_ADDRESS: bus.address },
    /** What the screen shows: title and words. */
    shows: () => screen.map(({ title, body }) => [title, body]),
    /** Resolves as soon as the screen shows one with that title, or, of undefined, none at all. */
    waitFor(wanted: string | undefined): Promise<Shown | undefined> {
      return new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          watching.delete(look);
          clearTimeout(limit);
          end();
        };
        const limit = setTimeout(
          () => settle(() => reject(new Error(`waited for "${wanted}" on: ${JSON.stringify(screen)}`))),
          WAIT_MS,
        );
        const look = () => {
          const found = screen.find(({ title }) => title === wanted);
          if (found || (wanted === undefined && !screen.length)) settle(() => resolve(found));
        };
        watching.add(look);
        look();
      });
    },
    /** On the notification itself. */
    click({ id }: Shown): void {
      bus.signal('ActionInvoked', id, 'default');
    },
    async stop(): Promise<void> {
      await bus.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

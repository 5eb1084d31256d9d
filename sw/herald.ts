import { openBus } from './bus.ts';
import { noticeOf, type Standing, type Wording } from './notice.ts';
import { type Extendable, scope, windows } from './scope.ts';
import { seldom } from './seldom.ts';
import { openStore, type Store } from './store.ts';

/** What the page that a notification leads to is told. */
export interface Pointer {
  type: 'partway-upload';
  id: string;
}

interface Target {
  /** Address of the page that picked the file. */
  page: string;
  id: string;
}

/** Name of the note of what the notification says that was shown last, until the person comes. */
const SHOWN = 'shown';

/** One look after the other, those of a shift that ends and of the next, too. */
let turn = Promise.resolve();

const tagOf = (owner: string) => `partway:${owner}`;

/** Tells the person of one owner's uploads by a notification, where that is allowed and no window is in sight. */
export interface Herald {
  /** Looks whether anything is to be told. */
  look(standing: Standing): Promise<void>;
  close(): void;
}

export function createHerald(owner: string, wording: Wording): Herald {
  const tag = tagOf(owner);
  const seen = new Set<string>();

  async function look(standing: Standing): Promise<void> {
    if (scope.Notification.permission !== 'granted') return;
    const store = await openStore(owner);
    await lookInto(store, standing).finally(store.close);
  }
  async function lookInto(store: Store, standing: Standing): Promise<void> {
    const records = await store.uploads();
    const notice = noticeOf(records, seen, standing);
    for (const { id, state } of records) if (state === 'open') seen.add(id);
    const told = await store.note(SHOWN).catch(() => undefined);
    if ((await windows()).some(({ visibilityState }) => visibilityState === 'visible')) {
      // They see for themselves. Whatever is just being shown Chromium forgets when asked, so that a click on it does nothing.
      if (told) {
        for (const old of await scope.registration.getNotifications({ tag })) old.close();
        await store.keepNote(SHOWN, '');
      }
      return;
    }
    if (!notice) return;
    const [kind, about] = notice;
    const news = kind + about.map(({ id }) => id);
    if (told === news) return;
    const { title, ...options } = wording({ kind, names: about.map(({ name }) => name) }) ?? {};
    if (title === undefined) return;
    const { id, page = scope.registration.scope } = about[0]!;
    // One for each owner: the next takes the place of the last.
    await scope.registration.showNotification(title, { ...options, tag, data: { page, id } });
    await store.keepNote(SHOWN, news);
  }
  const looked = (standing: Standing) => {
    turn = turn.then(() => look(standing)).catch(() => {});
    return turn;
  };
  const bus = openBus(owner);
  let closed = false;
  const lookSoon = seldom(async () => closed || looked('on'));
  bus.listen(({ type }) => type === 'changed' && lookSoon());
  void looked('on');
  return {
    look: looked,
    close() {
      closed = true;
      bus.close();
    },
  };
}

interface NotificationClick extends Extendable {
  readonly notification: Notification;
}

/** A click on one of ours leads to the page that picked the file; the app's own are left alone. */
export function followClick(event: Event): void {
  const click = event as NotificationClick;
  const { notification } = click;
  if (!notification.tag.startsWith(tagOf(''))) return;
  notification.close();
  click.waitUntil(show(notification.data));
}

async function show({ page, id }: Target): Promise<void> {
  const bare = (url: string) => url.replace(/#.*/, '');
  const open = (await windows()).find(({ url }) => bare(url) === bare(page));
  // Where the browser lets it not come to the front, it is told all the same.
  const shown = await (open ? open.focus().catch(() => open) : scope.clients.openWindow(page));
  shown?.postMessage({ type: 'partway-upload', id } satisfies Pointer);
}

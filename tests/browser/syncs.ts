import type { Chrome } from './chrome.ts';

interface SyncSeen {
  /** `failed`: to be fired again. */
  how: 'Dispatched' | 'failed' | 'completed';
  tag: string;
}

/** The browser's sync events from now on. */
export async function watchSyncs(chrome: Pick<Chrome, 'open'>) {
  const events: SyncSeen[] = [];
  let look = () => {};
  const watcher = await chrome.open('about:blank');
  watcher.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent }) => {
    const { eventName, instanceId: tag } = backgroundServiceEvent as { eventName: string; instanceId: string };
    const [how] = /Dispatched|failed|completed/.exec(eventName) ?? [];
    if (how) events.push({ how: how as SyncSeen['how'], tag });
    look();
  });
  await watcher.send('BackgroundService.setRecording', { shouldRecord: true, service: 'backgroundSync' });
  await watcher.send('BackgroundService.startObserving', { service: 'backgroundSync' });
  const until = (check: () => boolean) =>
    new Promise<void>((resolve) => {
      look = () => check() && resolve();
      look();
    });
  return { events, until };
}

/**
 * The whole browser taken off the network and put back: pages, service workers and Background Sync.
 *
 * Chromium holds back sync events only for a worker that DevTools itself has declared offline, so here alone workers are
 * attached to, over a connection of their own that lives exactly as long as the outage: closing it detaches all of
 * them, lifts everything they were told, and their lifetimes are the browser's again. (Off the network a worker never
 * stops; nothing to be learnt about lifetimes there.) A stopped worker is started first, as there is nothing to attach
 * to otherwise and its pending sync would slip through.
 */

import { type Cdp, connectCdp } from './cdp.ts';

const GO_MS = 10_000;
const NO_NETWORK = { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
const KINDS = ['page', 'service_worker'];

interface Attached {
  sessionId: string;
  targetInfo: { targetId: string; type: string };
}

interface Version {
  versionId: string;
  registrationId: string;
  status: string;
  runningStatus: string;
  targetId?: string;
}

/** Every worker that the browser has registered, told of by one page (the domain does not exist elsewhere). */
async function wakeWorkers(cdp: Cdp, page: string, isCut: (targetId: string) => boolean): Promise<() => boolean> {
  const scopes = new Map<string, string>();
  const versions = new Map<string, Version>();
  let told = false;
  cdp.on('ServiceWorker.workerRegistrationUpdated', (params, sessionId) => {
    if (sessionId !== page) return;
    const { registrations } = params as { registrations: { registrationId: string; scopeURL: string }[] };
    for (const { registrationId, scopeURL } of registrations) scopes.set(registrationId, scopeURL);
  });
  cdp.on('ServiceWorker.workerVersionUpdated', (params, sessionId) => {
    if (sessionId !== page) return;
    told = true;
    for (const version of (params as { versions: Version[] }).versions) {
      versions.set(version.versionId, version);
      const asleep = version.status === 'activated' && version.runningStatus === 'stopped';
      const scopeURL = scopes.get(version.registrationId);
      if (asleep && scopeURL) void cdp.send('ServiceWorker.startWorker', { scopeURL }, { sessionId }).catch(() => {});
    }
  });
  await cdp.send('ServiceWorker.enable', {}, { sessionId: page });
  return () => told && [...versions.values()].every((v) => v.status !== 'activated' || isCut(v.targetId ?? ''));
}

async function startOutage(url: string): Promise<Cdp> {
  const cdp = await connectCdp(url);
  const cut = new Set<string>();
  const sessions: Promise<string | undefined>[] = [];

  async function cutOff({ sessionId, targetInfo }: Attached): Promise<string | undefined> {
    await cdp.send('Network.enable', {}, { sessionId });
    await cdp.send('Network.emulateNetworkConditions', NO_NETWORK, { sessionId });
    cut.add(targetInfo.targetId);
    await cdp.send('Runtime.runIfWaitingForDebugger', {}, { sessionId });
    return targetInfo.type === 'page' ? sessionId : undefined;
  }
  cdp.on('Target.attachedToTarget', (params) => {
    // A target that goes away meanwhile answers with an error and needs no network.
    sessions.push(cutOff(params as unknown as Attached).catch(() => undefined));
  });
  const filter = KINDS.map((type) => ({ type }));
  // Paused at its start, no later worker can send a byte before it is cut off.
  await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter });

  const page = (await Promise.all(sessions)).find(Boolean);
  if (!page) return cdp;
  const allCut = await wakeWorkers(cdp, page, (targetId) => cut.has(targetId));
  const deadline = performance.now() + GO_MS;
  while (!allCut()) {
    if (performance.now() > deadline) throw new Error(`a service worker is still on the network after ${GO_MS} ms`);
    await Bun.sleep(5);
  }
  return cdp;
}

/** `url` is the browser's own DevTools address. */
export function createOffline(url: string) {
  let outage: Cdp | undefined;
  return {
    /**
     * Resolves when every page and worker is off the network, or on it again. What was under way is not torn, that is
     * the proxy's `cut()`; what begins now fails.
     */
    async set(offline: boolean): Promise<void> {
      if (offline) outage ??= await startOutage(url);
      else {
        const over = outage;
        outage = undefined;
        await over?.close();
      }
    },
  };
}

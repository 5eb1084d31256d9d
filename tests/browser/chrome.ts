/**
 * A headless Chromium held by raw CDP. Whatever attaches to a service worker keeps it running for ever; here only page
 * targets are attached to, so that a worker lives exactly as long as it would for a person.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCdp } from './cdp.ts';
import { findChrome } from './executable.ts';
import { chromeFlags, type SyncTiming } from './flags.ts';
import { createOffline } from './offline.ts';
import { attachPage, type Page, type Target } from './page.ts';
import { gone, isAlive, kill, processTree } from './processes.ts';

const START_MS = 30_000;
const EXIT_MS = 10_000;

export interface LaunchOptions {
  /** Folder of the user's profile, to be started again after `kill()`. Without it one is made and removed at `close()`. */
  profile?: string;
  /** Background Sync in seconds instead of minutes; `true` takes 4, 8, 16 s and events of 15 s. */
  shortSync?: boolean | Partial<SyncTiming>;
  /** A host name that leads to this machine, and is not one that browsers trust without TLS. */
  host?: string;
  /** What the first tab shows; nobody attaches to it. */
  url?: string;
  /** With windows, on the display of the environment: it quits with the last of them. */
  headed?: boolean;
  /** What it finds in its environment beside the test's own. */
  env?: Record<string, string>;
}

export type Chrome = Awaited<ReturnType<typeof launchChrome>>;

/** Browsers and profiles that are still there when the test process ends go with it. */
const leftovers = new Set<() => void>();
process.once('exit', () => {
  for (const sweep of leftovers) sweep();
});

async function devtoolsAddress(profile: string, pid: number, complaint: () => string): Promise<[string, string]> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (!isAlive(pid)) throw new Error(`Chromium ended at its start:\n${complaint()}`);
    const [port, path] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
    if (port && path) return [port, path];
    await Bun.sleep(10);
  }
  throw new Error(`Chromium opened no DevTools port in ${START_MS} ms:\n${complaint()}`);
}

export async function launchChrome(options: LaunchOptions = {}) {
  const executable = findChrome();
  if (!executable) throw new Error('no Chromium here: set CHROME_PATH or run tests/install.ts chromium');
  const profile = options.profile ?? mkdtempSync(join(tmpdir(), 'partway-chrome-'));
  // Left by a killed browser, it would name a port that nobody listens on.
  await rm(join(profile, 'DevToolsActivePort'), { force: true });

  const flags = chromeFlags(profile, options.shortSync ?? false).filter(
    (flag) => !options.headed || flag !== '--headless=new',
  );
  if (options.host) flags.push(`--host-resolver-rules=MAP ${options.host} 127.0.0.1`);
  const child = spawn(executable, [...flags, options.url ?? 'about:blank'], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  const started = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid!));
  });
  const sweep = () => {
    kill(processTree(started), 'SIGKILL');
    if (!options.profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  leftovers.add(sweep);

  const [port, path] = await devtoolsAddress(profile, started, () => stderr);
  const http = `http://127.0.0.1:${port}`;
  const cdp = await connectCdp(`ws://127.0.0.1:${port}${path}`);
  const network = createOffline(`ws://127.0.0.1:${port}${path}`);

  const { product } = await cdp.send<{ product: string }>('Browser.getVersion');
  const [major] = product.split('/')[1]!.split('.');

  async function json<T>(route: string, method = 'GET'): Promise<T> {
    const answer = await fetch(`${http}/json/${route}`, { method });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`/json/${route}: ${text}`);
    return (text.startsWith('[') || text.startsWith('{') ? JSON.parse(text) : text) as T;
  }
  const list = () => json<Target[]>('list');
  const tabs = { list, closeTarget: (id: string) => json<void>(`close/${id}`) };

  /** Opens a tab and resolves at its `load` event, with the console read from the first line on. */
  async function open(url: string): Promise<Page> {
    const target = await json<Target>('new?about:blank', 'PUT');
    const page = await attachPage(target, tabs);
    if (url !== 'about:blank') await page.goto(url);
    return page;
  }

  /** SIGKILL to every process of the browser, as when the battery is pulled out. The profile stays. */
  async function crash(): Promise<void> {
    const tree = processTree(started);
    kill(tree, 'SIGKILL');
    if (!(await gone(tree, EXIT_MS))) throw new Error(`Chromium ${started} survived SIGKILL`);
  }

  /** Quits as from the menu; what will not go in 10 s is killed. Removes the profile if it was made here. */
  async function close(): Promise<void> {
    const tree = processTree(started);
    await cdp.send('Browser.close').catch(() => {});
    if (!(await gone(tree, EXIT_MS))) await crash();
    leftovers.delete(sweep);
    if (!options.profile) await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  return {
    name: `Chromium ${major}`,
    pid: started,
    profile,
    /** The browser's own session; it sees targets but is attached to none. */
    cdp,
    open,
    /** The open tabs. */
    pages: async () => (await list()).filter(({ type }) => type === 'page'),
    /** Drives a tab that somebody else opened. */
    attach: (target: Target) => attachPage(target, tabs),
    /** The whole browser off the network or on it. A request under way goes on: cut it in the proxy. */
    offline: network.set,
    kill: crash,
    close,
  };
}

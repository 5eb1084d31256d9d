/** A headless Firefox, driven over WebDriver BiDi. */

import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type ElementHandle, type Page } from 'puppeteer-core';
import { type Browser, finding, type Tab, waitUntil } from './browser.ts';
import { findFirefox } from './executable.ts';
import { gone, kill, processTree } from './processes.ts';

const EXIT_MS = 10_000;

export interface FirefoxOptions {
  /** Folder of the user's profile, to be started again after `kill()`. Without it one is made and removed at `close()`. */
  profile?: string;
  /** Of about:config. */
  prefs?: Record<string, unknown>;
}

/** Browsers and profiles that are still there when the test process ends go with it. */
const leftovers = new Set<() => void>();
process.once('exit', () => {
  for (const sweep of leftovers) sweep();
});

function attach(page: Page): Tab {
  const console: string[] = [];
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => console.push(`error: ${String(error)}`));

  async function evaluate<T>(expression: string, { limit }: { limit?: number } = {}): Promise<T> {
    const silence = limit && Bun.sleep(limit).then(() => Promise.reject(new Error(`unanswered for ${limit} ms`)));
    return (await Promise.race([page.evaluate(expression), ...(silence ? [silence] : [])])) as T;
  }
  return {
    evaluate,
    waitFor: (expression, options) => waitUntil(evaluate, expression, options, console),
    async setFiles(selector, files) {
      const input = (await page.evaluateHandle(finding(selector))) as unknown as ElementHandle<HTMLInputElement>;
      await input.uploadFile(...files);
    },
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    async screenshot(path, { width = 1280, height = 800 } = {}) {
      await page.setViewport({ width, height });
      await page.screenshot({ path: path as `${string}.png` });
    },
    close: () => page.close(),
  };
}

export async function launchFirefox(options: FirefoxOptions = {}): Promise<Browser> {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error('no Firefox here: run tests/install.ts firefox');
  const profile = options.profile ?? mkdtempSync(join(tmpdir(), 'partway-firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: { 'browser.sessionstore.resume_from_crash': false, ...options.prefs },
  });
  const started = browser.process()!.pid!;
  const sweep = () => {
    kill(processTree(started), 'SIGKILL');
    if (!options.profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  leftovers.add(sweep);

  async function crash(): Promise<void> {
    const tree = processTree(started);
    kill(tree, 'SIGKILL');
    if (!(await gone(tree, EXIT_MS))) throw new Error(`Firefox ${started} survived SIGKILL`);
  }
  const [major] = (await browser.version()).split('/')[1]!.split('.');
  return {
    name: `Firefox ${major}`,
    async open(url) {
      const page = await browser.newPage();
      const tab = attach(page);
      await tab.goto(url);
      return tab;
    },
    pages: async () => (await browser.pages()).map((page) => ({ url: page.url() })),
    kill: crash,
    async close() {
      const tree = processTree(started);
      await browser.close().catch(() => {});
      if (!(await gone(tree, EXIT_MS))) await crash();
      leftovers.delete(sweep);
      if (!options.profile) await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

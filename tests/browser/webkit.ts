/** WebKitGTK's MiniBrowser under Xvfb, driven over WebDriver (https://www.w3.org/TR/webdriver2/). It forgets all when it ends. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../ports.ts';
import { type Browser, finding, type Tab, waitUntil } from './browser.ts';
import { findWebKit } from './executable.ts';
import { gone, kill, processTree } from './processes.ts';

const START_MS = 20_000;
const SILENCE_MS = 60_000;
const EXIT_MS = 10_000;
/** The name under which WebDriver hands out elements. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Processes and folders that are still there when the test process ends go with it. */
const leftovers = new Set<() => void>();
process.once('exit', () => {
  for (const sweep of leftovers) sweep();
});

/** A display of its own, on a number that is free. */
async function startDisplay(): Promise<{ child: ChildProcess; name: string }> {
  const child = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [number] = await once(createInterface({ input: child.stdout! }), 'line', {
    signal: AbortSignal.timeout(START_MS),
  });
  return { child, name: `:${number}` };
}

type Command = <T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<T>;

/** One command after the other, as the protocol wants it. */
function commandsTo(url: string): Command {
  let turn: Promise<unknown> = Promise.resolve();
  return <T>(method: string, path: string, body?: object) => {
    const result = turn.then(async () => {
      const answer = await fetch(url + path, {
        method,
        ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
        signal: AbortSignal.timeout(SILENCE_MS),
      });
      const { value } = (await answer.json()) as { value: { error?: string; message?: string } };
      if (answer.ok) return value as T;
      throw new Error(`${method} ${path}: ${value.error} ${value.message}`);
    });
    turn = result.catch(() => {});
    return result;
  };
}

async function started(url: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${url}/status`).catch(() => undefined);
    if (answer?.ok) return;
    await Bun.sleep(20);
  }
  throw new Error(`WebKitWebDriver did not start in ${START_MS} ms`);
}

export async function launchWebKit(): Promise<Browser> {
  const paths = findWebKit();
  if (!paths) throw new Error('no WebKitGTK here: run tests/install.ts webkit');
  const folder = mkdtempSync(join(tmpdir(), 'partway-webkit-'));
  const display = await startDisplay();
  const port = await freePort();
  const driver = spawn(paths.driver, [`--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: display.name, HOME: folder, XDG_RUNTIME_DIR: folder, LIBGL_ALWAYS_SOFTWARE: '1' },
  });
  const everything = () => [driver, display.child].flatMap(({ pid }) => (pid === undefined ? [] : processTree(pid)));
  const sweep = () => {
    kill(everything(), 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  leftovers.add(sweep);

  const url = `http://127.0.0.1:${port}`;
  await started(url);
  const { sessionId, capabilities } = await commandsTo(url)<{
    sessionId: string;
    capabilities: { browserVersion: string };
  }>('POST', '/session', {
    capabilities: {
      alwaysMatch: { 'webkitgtk:browserOptions': { binary: paths.browser, args: ['--automation'] } },
    },
  });
  const command = commandsTo(`${url}/session/${sessionId}`);
  let opened = 0;

  async function attach(handle: string): Promise<Tab> {
    let turn: Promise<unknown> = Promise.resolve();
    const here: Command = (...args) => {
      const result = turn.then(async () => {
        await command('POST', '/window', { handle });
        return command(...args);
      });
      turn = result.catch(() => {});
      return result as never;
    };
    async function evaluate<T>(expression: string): Promise<T> {
      const { value, error } = await here<{ value: T; error?: string }>('POST', '/execute/async', {
        args: [],
        script: `const end = arguments[0];
          (async () => (${expression}))().then((value) => end({ value }), (error) => end({ error: String(error) }));`,
      });
      if (error !== undefined && error !== null) throw new Error(`${error}\n  in the page: ${expression}`);
      return value;
    }
    return {
      evaluate,
      waitFor: (expression, options) => waitUntil(evaluate, expression, options),
      async setFiles(selector, files) {
        const found = await here<Record<string, string>>('POST', '/execute/sync', {
          args: [],
          script: `return ${finding(selector)};`,
        });
        await here('POST', `/element/${found[ELEMENT]}/value`, { text: files.join('\n') });
      },
      goto: (to) => here('POST', '/url', { url: to }),
      reload: () => here('POST', '/refresh'),
      screenshot: async (path) => writeFile(path, Buffer.from(await here<string>('GET', '/screenshot'), 'base64')),
      close: () => here('DELETE', '/window'),
    };
  }

  async function end(): Promise<void> {
    const all = everything();
    kill(all, 'SIGKILL');
    if (!(await gone(all, EXIT_MS))) throw new Error('WebKitGTK survived SIGKILL');
  }
  return {
    name: `WebKitGTK ${capabilities.browserVersion}`,
    async open(to) {
      const handle = opened++
        ? (await command<{ handle: string }>('POST', '/window/new', { type: 'tab' })).handle
        : await command<string>('GET', '/window');
      const tab = await attach(handle);
      await tab.goto(to);
      return tab;
    },
    pages: async () => {
      const handles = await command<string[]>('GET', '/window/handles');
      return handles.map((url) => ({ url }));
    },
    kill: end,
    async close() {
      await command('DELETE', '').catch(() => {});
      await end();
      leftovers.delete(sweep);
      sweep();
    },
  };
}

/** One tab, driven over the page target's own connection. Its service worker is never attached to. */

import { finding, type Looking, waitUntil } from './browser.ts';
import type { Cdp } from './cdp.ts';
import { connectCdp } from './cdp.ts';
import { readConsole } from './console.ts';
import { type Screen, screenshot } from './screenshot.ts';

const WAIT_MS = 15_000;

/** A row of `/json/list`. */
export interface Target {
  id: string;
  type: string;
  url: string;
  title: string;
  webSocketDebuggerUrl: string;
}

interface Evaluated {
  result: { value?: unknown; objectId?: string; description?: string };
  exceptionDetails?: { text: string; exception?: { description?: string; value?: unknown } };
}

export type Page = Awaited<ReturnType<typeof attachPage>>;

/** What the browser knows about its tabs and the page itself does not. */
export interface Tabs {
  list(): Promise<Target[]>;
  closeTarget(id: string): Promise<void>;
}

export async function attachPage(target: Target, tabs: Tabs) {
  const cdp: Cdp = await connectCdp(target.webSocketDebuggerUrl);
  const console = readConsole(cdp);
  await Promise.all(['Page', 'Runtime', 'Log', 'Inspector'].map((domain) => cdp.send(`${domain}.enable`)));

  async function run(expression: string, byValue: boolean, limit?: number) {
    const { result, exceptionDetails } = await cdp.send<Evaluated>(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: byValue, userGesture: true },
      { limit },
    );
    if (!exceptionDetails) return result;
    const { text, exception } = exceptionDetails;
    throw new Error(`${exception?.description ?? exception?.value ?? text}\n  in the page: ${expression}`);
  }

  /** The expression's value, awaited if it is a promise and copied as JSON; rejects with the page's own error. */
  async function evaluate<T = unknown>(expression: string, { limit }: { limit?: number } = {}): Promise<T> {
    return (await run(expression, true, limit)).value as T;
  }

  const waitFor = <T = unknown>(expression: string, options?: Looking): Promise<T> =>
    waitUntil(evaluate, expression, options, console);

  async function go(method: string, params: object = {}): Promise<void> {
    const loaded = cdp.once('Page.loadEventFired');
    // Whoever closes the connection meanwhile is told by the call below.
    loaded.catch(() => {});
    const { errorText } = await cdp.send<{ errorText?: string }>(method, params);
    if (errorText) throw new Error(`${JSON.stringify(params)}: ${errorText}`);
    await loaded;
  }

  /** A real mouse press in the middle of the element, by selector or expression, which must be visible and on top. */
  async function click(selector: string): Promise<void> {
    const found = finding(selector);
    await cdp.send('Page.bringToFront');
    await waitFor(`${found} != null`, { what: `an element ${selector} to click` });
    const { x, y, top } = await evaluate<{ x: number; y: number; top: string }>(`(() => {
      const element = ${found};
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width, height } = element.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      const hit = element.getRootNode().elementFromPoint(x, y);
      return { x, y, top: element.contains(hit) ? '' : (hit?.outerHTML.slice(0, 120) ?? 'nothing') };
    })()`);
    if (top) throw new Error(`cannot click ${selector}: there is ${top}`);
    for (const type of ['mousePressed', 'mouseReleased']) {
      await cdp.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
  }

  /** By selector or expression: picks files by absolute path; the page sees `input` and `change` as after a real choice. */
  async function setFiles(selector: string, files: string[]): Promise<void> {
    const { objectId } = await run(finding(selector), false);
    if (!objectId) throw new Error(`no ${selector} to pick files with`);
    await cdp.send('DOM.setFileInputFiles', { files, objectId });
  }

  /** Resolves when the renderer is gone; the tab itself stays, as a sad one. */
  async function crash(): Promise<void> {
    const crashed = cdp.once('Inspector.targetCrashed');
    // Never answered, because the one who would answer is dead.
    cdp.send('Page.crash').catch(() => {});
    await crashed;
  }

  /** Closes the tab as a person would (`pagehide` runs); resolves when the browser no longer lists it. */
  async function close(): Promise<void> {
    await tabs.closeTarget(target.id);
    const deadline = performance.now() + WAIT_MS;
    while ((await tabs.list()).some(({ id }) => id === target.id)) {
      if (performance.now() > deadline) throw new Error(`tab ${target.url} did not close`);
    }
    await cdp.close();
  }

  return {
    id: target.id,
    /** What the page printed, threw or was refused, oldest first. */
    console,
    evaluate,
    waitFor,
    click,
    setFiles,
    crash,
    close,
    /** Resolves at the page's `load` event. */
    goto: (url: string) => go('Page.navigate', { url }),
    reload: () => go('Page.reload'),
    freeze: () => cdp.send('Page.setWebLifecycleState', { state: 'frozen' }),
    thaw: () => cdp.send('Page.setWebLifecycleState', { state: 'active' }),
    screenshot: (path: string, screen: Screen = {}) => screenshot(cdp, path, screen),
    send: cdp.send,
    on: cdp.on,
    /** Lets go of the tab, which stays open. */
    detach: () => cdp.close(),
  };
}

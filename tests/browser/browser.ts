/** What every browser can do that the tests drive, whatever protocol it is driven by. */

import type { Screen } from './screenshot.ts';

const WAIT_MS = 15_000;
const LOOK_EVERY_MS = 25;

export interface Looking {
  limit?: number;
  what?: string;
}

export interface Tab {
  /** The expression's value, awaited if it is a promise and copied as JSON; rejects with the page's own error. */
  evaluate<T = unknown>(expression: string, options?: { limit?: number }): Promise<T>;
  /** Resolves to the expression's first truthy value. */
  waitFor<T = unknown>(expression: string, options?: Looking): Promise<T>;
  /** By selector or expression: picks files by absolute path. */
  setFiles(selector: string, files: string[]): Promise<void>;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  screenshot(path: string, screen?: Screen): Promise<void>;
  /** As a person closes it. */
  close(): Promise<void>;
}

export interface Browser<T extends Tab = Tab> {
  /** `Chromium 156` */
  readonly name: string;
  open(url: string): Promise<T>;
  pages(): Promise<{ url: string }[]>;
  /** SIGKILL to every process of it. The profile stays. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** The expression for what a CSS selector finds; one that looks for itself, in a shadow say, is left as it is. */
export const finding = (selector: string) =>
  selector.startsWith('document.') ? selector : `document.querySelector(${JSON.stringify(selector)})`;

/**
 * Resolves to the expression's first truthy value. Looked at from outside, so that neither a hidden tab's slowed
 * timers nor a navigation in between can hold it up.
 */
export async function waitUntil<T>(
  evaluate: Tab['evaluate'],
  expression: string,
  { limit = WAIT_MS, what = expression }: Looking = {},
  console: readonly string[] = [],
): Promise<T> {
  const deadline = performance.now() + limit;
  let last: unknown = 'nothing yet';
  while (performance.now() < deadline) {
    try {
      last = await evaluate(expression, { limit: Math.max(1, deadline - performance.now()) });
      if (last) return last as T;
    } catch (error) {
      last = (error as Error).message;
    }
    await Bun.sleep(LOOK_EVERY_MS);
  }
  const lines = console.slice(-20).map((line) => `\n  console: ${line}`);
  throw new Error(`waited ${limit} ms for: ${what}\n  last value: ${JSON.stringify(last)}${lines.join('')}`);
}

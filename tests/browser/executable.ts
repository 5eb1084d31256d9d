/** Where the browsers lie on this machine. */

import { existsSync } from 'node:fs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** `CHROME_PATH` if it is set (and then nothing else), else the first known name on PATH. */
export function findChrome(): string | undefined {
  const told = process.env.CHROME_PATH;
  if (told) return existsSync(told) ? told : undefined;
  for (const name of NAMES) {
    const path = Bun.which(name);
    if (path) return path;
  }
  return undefined;
}

export const findFirefox = (): string | undefined => Bun.which('firefox-esr') ?? undefined;

const MINI_BROWSER = '/usr/lib/*/webkit2gtk-4.*/MiniBrowser';

/** Its driver, the browser that is driven, and the display that it needs. */
export function findWebKit(): { driver: string; browser: string } | undefined {
  const driver = Bun.which('WebKitWebDriver');
  const [browser] = new Bun.Glob(MINI_BROWSER).scanSync({ cwd: '/', absolute: true });
  return driver && browser && Bun.which('Xvfb') ? { driver, browser } : undefined;
}

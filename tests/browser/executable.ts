/** Where a Chromium or Chrome lies on this machine. */

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

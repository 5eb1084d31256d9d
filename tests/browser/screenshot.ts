/** A page as a person would see it on a given screen, as a PNG file. */

import { writeFile } from 'node:fs/promises';
import type { Cdp } from './cdp.ts';

export interface Screen {
  /** CSS pixels; 1280 × 800 unless told. */
  width?: number;
  height?: number;
  dark?: boolean;
  /** Touch, viewport meta tag and two device pixels to each CSS pixel. */
  mobile?: boolean;
}

export async function screenshot(
  cdp: Cdp,
  path: string,
  { width = 1280, height = 800, dark = false, mobile = false }: Screen,
): Promise<void> {
  const deviceScaleFactor = mobile ? 2 : 1;
  await cdp.send('Page.bringToFront');
  await cdp.send('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor });
  await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: mobile });
  const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
  await cdp.send('Emulation.setEmulatedMedia', { features });
  try {
    const { data } = await cdp.send<{ data: string }>('Page.captureScreenshot', { format: 'png' });
    await writeFile(path, Buffer.from(data, 'base64'));
  } finally {
    await cdp.send('Emulation.setEmulatedMedia', { features: [] });
    await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: false });
    await cdp.send('Emulation.clearDeviceMetricsOverride');
  }
}

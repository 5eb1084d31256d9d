import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Server, startServer } from '../server.ts';
import { type Chrome, launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';

setDefaultTimeout(120_000);
const AXE = Bun.file(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url));
const SCREENS = [
  { width: 360, height: 740, mobile: true },
  { width: 1280, height: 800, mobile: false },
];

interface Finding {
  id: string;
  nodes: { target: unknown; failureSummary: string }[];
}

describe.skipIf(!findChrome())('the reference page', () => {
  let server: Server;
  let chrome: Chrome;
  let page: Page;
  beforeAll(async () => {
    server = await startServer();
    chrome = await launchChrome();
    page = await chrome.open(`${server.url}/docs`);
    await page.evaluate(await AXE.text());
    await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
  });
  afterAll(async () => {
    await chrome?.close();
    await server?.stop();
  });

  async function show({ width, height, mobile }: (typeof SCREENS)[number], dark: boolean): Promise<void> {
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 });
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
    await page.send('Emulation.setEmulatedMedia', { features });
  }
  /** CSS pixels that stick out at the side. */
  const overhang = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  for (const screen of SCREENS)
    for (const dark of [false, true])
      test(`at ${screen.width} px, ${dark ? 'dark' : 'light'}, axe finds nothing and nothing sticks out`, async () => {
        await show(screen, dark);
        const findings = await page.evaluate<Finding[]>(
          `axe.run(document, { rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations)`,
        );
        const told = findings.flatMap(({ id, nodes }) =>
          nodes.map((node) => `${id} ${JSON.stringify(node.target)} ${node.failureSummary}`),
        );
        expect(told).toEqual([]);
        expect(await overhang()).toBe(0);
      });

  test('twice the text fits a phone', async () => {
    await show(SCREENS[0]!, false);
    await page.evaluate(`void (document.documentElement.style.fontSize = '200%')`);
    expect(await overhang()).toBe(0);
    await page.evaluate(`void (document.documentElement.style.fontSize = '')`);
  });

  test('its style is the one that its policy allows, and it asks for nothing else', async () => {
    expect(await page.evaluate(`getComputedStyle(document.querySelector('pre')).whiteSpace`)).toBe('pre-wrap');
    expect(await page.evaluate(`performance.getEntriesByType('resource').map(({ name }) => name)`)).toEqual([]);
    expect(page.console.filter((line) => /Content.Security|Refused/i.test(line))).toEqual([]);
  });

  test('a call is one press away from the top', async () => {
    await show(SCREENS[1]!, false);
    await page.evaluate('scrollTo(0, 0)');
    await page.click('nav a[href="#complete"]');
    await page.waitFor(`Math.abs(document.querySelector('#complete').getBoundingClientRect().top) < 40`);
  });
});

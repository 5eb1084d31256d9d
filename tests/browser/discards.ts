/** What Chromium does to tabs out of sight when memory runs short, asked for on its own pages for such things. */

import type { Chrome } from './chrome.ts';

/** Of `LifecycleUnitDiscardReason`. */
const EXTERNAL = 0;
const DISCARDED = 5;

const ENABLE = `(async () => {
  const { PageHandlerRemote, PageHandlerFactory } = await import('chrome://chrome-urls/chrome_urls.mojom-webui.js');
  const handler = new PageHandlerRemote();
  PageHandlerFactory.getRemote().createPageHandler(handler.$.bindNewPipeAndPassReceiver());
  await handler.setDebugPagesEnabled(true);
})()`;

/** Takes the page at `url` out of memory; its tab stays, for the person to come back to. Nobody may be attached to it. */
export async function discard(chrome: Chrome, url: string): Promise<void> {
  const page = await chrome.open('chrome://chrome-urls/');
  await page.evaluate(ENABLE);
  await page.goto('chrome://discards/');
  const state = await page.evaluate(`(async () => {
    const { DetailsProvider } = await import('chrome://discards/discards.mojom-webui.js');
    const provider = DetailsProvider.getRemote();
    const tab = async () => (await provider.getTabDiscardsInfo()).infos.find(({ tabUrl }) => tabUrl === '${url}');
    await provider.discardById((await tab()).id, ${EXTERNAL});
    return (await tab()).state;
  })()`);
  await page.close();
  if (state !== DISCARDED) throw new Error(`${url} was not discarded: its state is ${state}`);
}

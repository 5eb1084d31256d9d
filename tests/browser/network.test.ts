import { describe, expect, setDefaultTimeout } from 'bun:test';
import { begin, openApp, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { expectArrived, sent, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);

describe.skipIf(!findChrome())('the network that is used', () => {
  const { here, staged } = onApps();
  /** The person saves data, or does so no longer. The browser says nothing of a change that DevTools make. */
  async function save(page: Page, dataSaverEnabled: boolean): Promise<void> {
    await page.send('Emulation.setDataSaverOverride', { dataSaverEnabled });
    await page.waitFor(`navigator.connection.saveData === ${dataSaverEnabled}`);
    await page.evaluate(`void navigator.connection.dispatchEvent(new Event('change'))`);
  }

  staged(
    'is none that costs where the person wants it so, and they may change their mind on the way',
    async (stage) => {
      const page = await openApp(here.app, stage, 'onlyUnmetered: true,');
      await save(page, true);
      await begin(page, stage);
      await uploadIs(page, 'waiting');
      expect(await page.evaluate('({ ...upload.error })')).toMatchObject({ code: 'METERED_CONNECTION', goesOn: true });
      expect(stage.wire.puts()).toHaveLength(0);
      await save(page, false);
      await sent(stage, 0.2);
      await save(page, true);
      await uploadIs(page, 'waiting');
      await settled(stage);
      const begun = stage.wire.puts().length;
      expect(begun).toBeLessThan(20);
      await page.evaluate('client.setOnlyUnmetered(false)');
      await uploadIs(page, 'done');
      await expectArrived(stage);
      expect(stage.wire.puts().length).toBeGreaterThan(begun);
    },
  );
});

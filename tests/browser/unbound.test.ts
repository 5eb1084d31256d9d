import { describe, expect, setDefaultTimeout } from 'bun:test';
import type { Seen } from '../faults/proxy.ts';
import { begin, openApp } from './app.ts';
import { findChrome } from './executable.ts';
import { expectArrived, type Stage } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

/** Headers that the store holds the part to. */
const bound = ({ query }: Seen) => new URLSearchParams(query).get('X-Amz-SignedHeaders')?.split(';');

describe.skipIf(!findChrome())('where part URLs are not bound to digests', () => {
  const { here, staged } = onApps({ env: { PART_DIGEST: 'none' } });

  async function arrives(stage: Stage, parts: number): Promise<void> {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    const etag = await page.evaluate<string>('upload.done.then(({ etag }) => etag)', { limit: 60_000 });
    await expectArrived(stage);
    expect(etag).toEndWith(`-${parts}`);
    // The length alone is left: nothing on the way has looked at the bytes.
    expect(stage.wire.puts().map(bound)).toEqual(Array(parts).fill(['content-length', 'host']));
  }
  staged('a file of one part arrives as it is', (stage) => arrives(stage, 1), { fileSize: 3 * MiB + 7 });
  staged('a file of several parts arrives as it is', (stage) => arrives(stage, 3), { fileSize: 11 * MiB });
});

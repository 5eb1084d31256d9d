/** What the server writes down of a whole session, good and bad calls: nothing that opens anything. */

import { expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedStore } from '../store.ts';
import { type Api, apiAt, digestsFor, granted, objectDigest, putAll, random, told } from './client.ts';
import { openWiredPlace } from './place.ts';
import { errorBody } from './wire.ts';

setDefaultTimeout(180_000);

const GUESS = 'mpk_a-key-that-somebody-mistyped';

test('no token, grant, key, signature or signed URL is in the server’s output', async () => {
  const place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }));
  try {
    const { api, wire } = place;
    const secrets: string[] = [
      GUESS,
      place.store.secretKey,
      readFileSync(join(place.server.dataDir, 'secret'), 'utf8'),
    ];
    const passwords = JSON.parse(readFileSync(join(place.server.dataDir, 'postgres/passwords.json'), 'utf8'));
    secrets.push(passwords.postgres, passwords.partway);
    const note = ({ resumeToken, partUrls }: { resumeToken: string; partUrls: { url: string }[] }) => {
      secrets.push(
        resumeToken,
        ...partUrls.flatMap(({ url }) => [url, new URL(url).searchParams.get('X-Amz-Signature')!]),
      );
    };
    const { grant } = granted(await api.call('grant', {}));
    secrets.push(grant);

    const bytes = random(2500);
    const parts = digestsFor(bytes, 1024);
    const good = await apiAt(place.server.url, { authorization: `Bearer ${grant}` }).begin(
      { size: bytes.length },
      { partSize: 1024, parts },
    );
    note(good);
    await putAll(good.partUrls, bytes);
    const done = granted(
      await api.call('complete', { resumeToken: good.resumeToken, objectDigest: objectDigest(parts) }),
    );
    secrets.push(done.downloadUrl!, new URL(done.downloadUrl!).searchParams.get('X-Amz-Signature')!);

    const bad = await api.begin({ size: bytes.length });
    note(bad);
    await putAll(bad.partUrls, bytes);
    await failing(api, bad.resumeToken);

    for (const answer of [{ status: 403, body: errorBody('SignatureDoesNotMatch') }, { status: 500 }]) {
      const undo = wire.answer(() => true, answer);
      await failing(api, bad.resumeToken);
      await api.call('init', { filename: 'a', fileSize: 1, contentType: 'a/b' });
      undo();
    }
    await wire.down();
    const refused = await api.call('complete', { resumeToken: bad.resumeToken });
    expect([...told(refused), refused.retryAfter]).toEqual([503, 'STORE_UNAVAILABLE', expect.any(Number)]);
    await failing(api, bad.resumeToken);
    await wire.up();
    granted(await api.call('complete', { resumeToken: bad.resumeToken }));

    const output = place.server.output();
    expect(output).toContain('"event":"failed"');
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect([secret, output.includes(secret)]).toEqual([secret, false]);
    }
    expect(output).not.toMatch(/mpu_|mpg_|mpk_|X-Amz-|Signature=|Credential=|AWS4-HMAC/);
  } finally {
    await place.stop();
  }
});

/** One call of each kind, all of them wrong in some way. */
async function failing(api: Api, resumeToken: string): Promise<void> {
  const wrong = { 'x-api-key': GUESS };
  await api.call('init', { filename: 'a', fileSize: 1, contentType: 'a/b' }, wrong);
  await api.call('resume', { resumeToken });
  await api.call('resume', { resumeToken }, wrong);
  await api.call('sign', { resumeToken, parts: [], reconcile: true });
  await api.call('complete', { resumeToken, parts: [{ partNumber: 1, etag: 'x' }] });
  await api.call('resume', { resumeToken: `${resumeToken}x` });
}

/** A grant begins uploads within its bounds, and does nothing else. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { apiAt, granted, putAll, random, told } from './client.ts';
import { gather, type People } from './people.ts';
import { counts, expectObject } from './place.ts';
import { FILE } from './refusal.ts';

setDefaultTimeout(180_000);

let people: People;
let place: People['place'];
let anna: People['anna'];
let bert: People['bert'];
beforeAll(async () => {
  people = await gather();
  ({ place, anna, bert } = people);
});
afterAll(() => people?.stop());

describe('grants', () => {
  const grantOf = async (limits: object) => {
    const answer = granted(await anna.call('grant', limits));
    return { answer, holder: apiAt(place.server.url, { authorization: `Bearer ${answer.grant}` }) };
  };

  test('a grant begins uploads for its giver, and the token then does the rest', async () => {
    const { answer, holder } = await grantOf({ maxBytes: 3000, maxFiles: 5, contentTypes: ['video/mp4'], days: 1 });
    expect(answer).toEqual({
      success: true,
      grant: expect.stringMatching(/^mpg_[\w-]{43}$/),
      expiresIn: 86_400,
      maxBytes: 3000,
      maxFiles: 5,
      contentTypes: ['video/mp4'],
    });
    const bytes = random(1500);
    const { resumeToken, partUrls, fileKey } = await holder.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    granted(await holder.call('resume', { resumeToken }));
    granted(await anna.call('resume', { resumeToken }));
    expect(told(await bert.call('resume', { resumeToken }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    granted(await holder.call('complete', { resumeToken }));
    await expectObject(place, fileKey, bytes);
  });

  test('beyond its bytes, files or types a grant begins nothing', async () => {
    const exhausted = [403, 'GRANT_EXHAUSTED'];
    const { holder: bytes } = await grantOf({ maxBytes: 2000 });
    const { holder: files } = await grantOf({ maxFiles: 1 });
    const { holder: types } = await grantOf({ contentTypes: ['image/png'] });
    await bytes.begin({ size: 1500 });
    await files.begin({ size: 1500 });
    const before = await counts(place);
    for (const holder of [bytes, files, types])
      expect(told(await holder.call('init', FILE)) as unknown[]).toEqual(exhausted);
    expect(await counts(place)).toEqual(before);
    await bytes.begin({ size: 500 });
    await types.begin({ size: 1500, type: 'image/png' });
  });

  test('of many inits at once no more pass than the grant has left; a repeated one is spent once', async () => {
    const { holder } = await grantOf({ maxFiles: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => holder.call('init', FILE)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const { holder: single } = await grantOf({ maxFiles: 1 });
    const key = crypto.randomUUID();
    const [one, two] = [await single.begin({ size: 10 }, {}, key), await single.begin({ size: 10 }, {}, key)];
    expect(two.resumeToken).toBe(one.resumeToken);
  });

  test('an init that is refused costs the grant nothing', async () => {
    const { holder } = await grantOf({ maxFiles: 1 });
    for (const wrong of [
      { metadata: { note: 'x'.repeat(2048) } },
      { provider: 'R2' },
      { partSize: 1 },
      { fileSize: -1 },
    ])
      expect((await holder.call('init', { ...FILE, ...wrong })).status).toBe(400);
    granted(await holder.call('init', FILE));
  });

  test('an expired grant begins nothing', async () => {
    const { answer, holder } = await grantOf({ days: 1e-9 });
    expect(answer.expiresIn).toBeLessThan(1);
    const before = await counts(place);
    expect(told(await holder.call('init', FILE))).toEqual([401, 'GRANT_EXPIRED']);
    expect(await counts(place)).toEqual(before);
  });

  test('a grant gives no grants, lists nothing and claims nothing', async () => {
    const { holder } = await grantOf({});
    const { sessionId } = await holder.begin({ size: 10 });
    expect(told(await holder.call('grant', {}))).toEqual([403, 'FORBIDDEN']);
    expect(told(await holder.list())).toEqual([403, 'FORBIDDEN']);
    expect(told(await holder.call('claim', { sessionId }))).toEqual([403, 'FORBIDDEN']);
    expect(granted(await anna.call('claim', { sessionId })).sessionId).toBe(sessionId);
  });
});

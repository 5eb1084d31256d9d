/** One's own uploads, newest first, page by page. */

import { expect, test } from 'bun:test';
import type { ListedUpload } from '../../server/contract/wire.ts';
import { type Api, granted, told } from './client.ts';
import { type Place, sendFile } from './place.ts';

/** All pages, each of at most `limit`; `between` happens after each. */
async function walk(
  api: Api,
  query: Record<string, string>,
  between: () => Promise<unknown> = async () => {},
): Promise<ListedUpload[]> {
  const uploads: ListedUpload[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = granted(await api.list({ ...query, ...(cursor && { cursor }) })) as {
      uploads: ListedUpload[];
      cursor?: string;
    };
    expect(page.uploads.length).toBeLessThanOrEqual(Number(query.limit ?? 50));
    // Every page but the last is full, and the last one says that it is.
    if (page.cursor) expect(page.uploads.length).toBe(Number(query.limit ?? 50));
    uploads.push(...page.uploads);
    cursor = page.cursor;
    await between();
  }
  return uploads;
}

export function listSuite(at: () => Place): void {
  test('an upload is listed with all that one needs to show it, and with no token', async () => {
    const { api, unit } = at();
    const { sessionId, fileKey, resumeToken } = await api.begin({ size: 2 * unit, name: 'Größe.mov' });
    granted(await api.call('sign', { resumeToken, parts: [], stored: [1] }));
    const { uploads } = granted(await api.list({ limit: '1' }));
    expect(uploads).toEqual([
      {
        id: sessionId,
        filename: 'Größe.mov',
        fileKey,
        fileSize: 2 * unit,
        contentType: 'video/mp4',
        status: 'active',
        progress: {
          uploaded: 1,
          total: 2,
          percentage: 50,
          uploadedBytes: unit,
          totalBytes: 2 * unit,
          bytesPercentage: 50,
        },
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
        expiresAt: expect.any(String),
      },
    ]);
    const [{ createdAt, updatedAt, expiresAt }] = uploads as [ListedUpload];
    for (const time of [createdAt, updatedAt, expiresAt]) expect(new Date(time).toISOString()).toBe(time);
    expect(Date.parse(updatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
    expect(JSON.stringify(uploads)).not.toContain('mpu_');
  });

  test('a finished one tells its address, and each is found under its status', async () => {
    const { api, unit } = at();
    const done = await sendFile(at());
    const { url } = granted(await done.complete());
    const paused = await api.begin({ size: unit });
    granted(await api.call('pause', { resumeToken: paused.resumeToken }));
    const active = await api.begin({ size: unit });
    const ids = async (status: string) => (await walk(api, { status })).map(({ id }) => id);
    const states = { completed: done, paused, active };
    for (const [status, { sessionId }] of Object.entries(states)) {
      for (const other of Object.keys(states))
        expect([status, other, (await ids(other)).includes(sessionId)]).toEqual([status, other, status === other]);
    }
    const [listed] = (await walk(api, { status: 'completed' })).filter(({ id }) => id === done.sessionId);
    expect(listed).toMatchObject({ url, progress: { percentage: 100 } });
  });

  test('page by page each upload comes once, newest first, while others are begun in between', async () => {
    const { api, unit } = at();
    for (let n = 0; n < 5; n++) await api.begin({ size: unit });
    const before = await walk(api, { limit: '100' });
    const paged = await walk(api, { limit: '2' }, () => api.begin({ size: unit }));
    expect(paged.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const times = paged.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  test('a limit, a status or a cursor that is none is refused', async () => {
    const { api } = at();
    const forged = (text: string) => Buffer.from(text).toString('base64url');
    const wrong: Record<string, string>[] = [
      ...['0', '101', '-1', '1.5', '1e1', 'x', '', ' 5'].map((limit) => ({ limit })),
      ...['done', '', 'ACTIVE', "active' or true --"].map((status) => ({ status })),
      ...['', 'x', forged('0'), forged(`99999999999999999 ${crypto.randomUUID()}`), forged("0 '")].map((cursor) => ({
        cursor,
      })),
    ];
    for (const query of wrong) expect([query, ...told(await api.list(query))]).toEqual([query, 400, 'INVALID_REQUEST']);
    const end = granted(await api.list({ cursor: forged(`0 ${crypto.randomUUID()}`) }));
    expect(end).toEqual({ success: true, uploads: [] });
    granted(await api.list({ cursor: forged(`9999999999999999 ${crypto.randomUUID()}`), limit: '1' }));
  });
}

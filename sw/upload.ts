import { beginSession } from './begin.ts';
import { digestSlices } from './digester.ts';
import { finishUpload } from './finish.ts';
import type { Host } from './host.ts';
import { createSigner } from './reconcile.ts';
import type { UploadRecord } from './record.ts';
import { recut } from './recut.ts';
import { codeOf } from './retry.ts';
import { sendParts } from './send.ts';
import { openTransit, type Transit } from './transit.ts';
import { createUrls } from './urls.ts';

/** Parts signed while the store is asked what it has. */
const FIRST_WINDOW = 32;

/** `starved`: what the store lacks is not on this device, or nobody here may begin the session. `recut`: start over with the new plan. */
export type Outcome = 'settled' | 'starved' | 'recut';

/** The server refuses URLs to a paused session until it is told that the pause is over. */
async function liftPause({ host, record, call }: Transit): Promise<void> {
  const { resumeToken } = record;
  if (!record.lifting) return;
  if (resumeToken) await call('resume', { resumeToken, partUrlCount: 0 });
  await host.store.change(record.id, () => ({ lifting: false }));
}

/** Moves one upload on. Rejects with what no further attempt can turn, or with the signal's reason. */
export async function moveUpload(host: Host, start: UploadRecord, signal: AbortSignal): Promise<Outcome> {
  const transit = await openTransit(host, { ...start }, signal);
  const sign = createSigner(transit);
  const urls = createUrls(transit.board, sign);
  void digestSlices(transit).catch(() => {});
  try {
    await liftPause(transit);
    if (transit.record.resumeToken) {
      const answer = await sign(transit.board.window(1, FIRST_WINDOW), true);
      urls.add(answer.partUrls, answer.expiresIn);
    } else {
      const begun = await beginSession(transit);
      if (!begun) return 'starved';
      if ('recut' in begun) return await recut(transit, begun.recut);
      urls.add(begun.urls, begun.expiresIn);
    }
    while (await sendParts(transit, urls)) if (await finishUpload(transit)) return 'settled';
    return 'starved';
  } catch (error) {
    if (codeOf(error) !== 'UPLOAD_ALREADY_COMPLETED') throw error;
    await finishUpload(transit);
    return 'settled';
  } finally {
    transit.close();
  }
}

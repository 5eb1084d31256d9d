import type { Database, Target } from './database/connection.ts';
import { openOutbox } from './database/outbox.ts';
import type { Deps } from './deps.ts';
import type { Hooks, VerifiedUpload } from './hooks.ts';
import { type Courier, startCourier } from './webhook/courier.ts';
import { postEvent, type Webhook } from './webhook/post.ts';

/** What one attempt of each may take. */
const HOOK_SECONDS = 120;
const WEBHOOK_SECONDS = 15;
/** How long an answer waits for the hook. */
const PATIENCE_MS = 10_000;

export interface Tellers {
  onVerified?: Hooks['onVerified'];
  webhook?: Webhook | undefined;
}

/** Whom the ends of uploads are told to. */
export const targetsOf = ({ onVerified, webhook }: Tellers): Target[] => [
  ...(onVerified ? (['hook'] as const) : []),
  ...(webhook ? (['webhook'] as const) : []),
];

/** Tells the app and its webhook how uploads end, from the outbox of `database`, until stopped. */
export function startAnnouncing(
  database: Database,
  { onVerified, webhook }: Tellers,
  log: Deps['log'],
): { announce: (sessionId: string) => Promise<void>; stop(): Promise<void> } {
  const hook =
    onVerified &&
    startCourier({
      name: 'onVerified',
      outbox: openOutbox(database, 'hook'),
      bear: async ({ data }) => onVerified(data as unknown as VerifiedUpload),
      limitSeconds: HOOK_SECONDS,
      log,
    });
  const sender =
    webhook &&
    startCourier({
      name: 'webhook',
      outbox: openOutbox(database, 'webhook'),
      bear: (delivery, signal) => postEvent(webhook, delivery, new Date(), signal),
      limitSeconds: WEBHOOK_SECONDS,
      log,
    });
  const couriers = [hook, sender].filter((courier): courier is Courier => courier !== undefined);
  return {
    announce: async (sessionId) => {
      sender?.wake();
      const told = hook?.bearFresh(sessionId).catch((error) => log('onVerified', { cause: String(error) }));
      if (told) await withPatience(told);
    },
    stop: async () => {
      await Promise.all(couriers.map((courier) => courier.stop()));
    },
  };
}

async function withPatience(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}

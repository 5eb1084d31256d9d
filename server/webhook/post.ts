import type { Delivery } from '../database/outbox.ts';
import { signatureHeaders } from './signature.ts';
import { Undelivered } from './undelivered.ts';

export interface Webhook {
  /** http or https, without credentials. */
  url: string;
  /** Keys to sign with, one signature for each. */
  secrets: Uint8Array[];
}

/** Sends one event as `{ type, timestamp, data }`; throws `Undelivered` for whatever is not answered with 2xx. */
export async function postEvent(webhook: Webhook, delivery: Delivery, now: Date, signal: AbortSignal): Promise<void> {
  const { id, event: type, createdAt, data } = delivery;
  const body = JSON.stringify({ type, timestamp: createdAt.toISOString(), data });
  const headers = { 'content-type': 'application/json', 'user-agent': 'partway', 'cache-control': 'no-store' };
  const response = await fetch(webhook.url, {
    method: 'POST',
    headers: { ...headers, ...signatureHeaders(webhook.secrets, id, now, body) },
    body,
    // Elsewhere than where the operator said nothing is sent.
    redirect: 'manual',
    signal,
  }).catch((error) => {
    throw new Undelivered(
      signal.aborted ? 'no answer in time' : `no answer (${error?.cause?.code ?? error?.code ?? error?.name})`,
    );
  });
  // The status says it all; an endless body must not hold the connection.
  await response.body?.cancel().catch(() => {});
  if (response.ok) return;
  throw new Undelivered(`answered ${response.status}`, {
    gone: response.status === 410,
    retryAfter: secondsOf(response.headers.get('retry-after'), now),
  });
}

/** Retry-After (RFC 9110): seconds, or a date. */
function secondsOf(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, (until - now.getTime()) / 1000);
}

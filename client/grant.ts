import { callApi } from '../sw/api.ts';
import type { Store } from '../sw/store.ts';

const RENEW_BEFORE_MS = 86_400_000;

/** Keeps a grant in the store with at least a day left, so that a file picked offline can be begun later, without the page. */
export async function keepGrant(
  store: Store,
  endpoint: string,
  headers: () => Promise<Record<string, string>>,
): Promise<void> {
  const kept = await store.grant(endpoint);
  if (kept && kept.expiresAt > Date.now() + RENEW_BEFORE_MS) return;
  const { grant, expiresIn } = await callApi(endpoint, 'grant', {}, await headers());
  await store.keepGrant({ grant, endpoint, expiresAt: Date.now() + expiresIn * 1000 });
}

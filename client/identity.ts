import { callApi, type Identity } from '../sw/api.ts';
import { byGrant } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import type { UploadClientOptions } from './options.ts';

/** Milliseconds before the page asks for another: of an older one the worker may have spent the most. */
const RENEW_MS = 3_600_000;
/** No more than a user may have open, where the server's operator says nothing else. */
const MOST_FILES = 10_000;

/** Who this page acts for. */
export interface Self {
  /** The app's own credentials for its own server; undefined where it has none, or cannot get at them. */
  own(): Promise<Identity | undefined>;
  /** The app's own credentials, or the grant kept from an earlier visit. */
  identity(endpoint: string): Promise<Identity | undefined>;
  /** Keeps a grant of the last hour, where that can be had now; tells whether uploads can be begun without the page. */
  prepare(): Promise<boolean>;
}

export function createSelf({ endpoint: home, apiKey, headers, credentials }: UploadClientOptions, store: Store): Self {
  const signedIn = apiKey !== undefined || headers !== undefined || credentials !== undefined;

  async function credentialed(): Promise<Identity> {
    const given = Object.fromEntries(new Headers(await headers?.()));
    return { headers: { ...(apiKey !== undefined && { 'x-api-key': apiKey }), ...given }, credentials };
  }
  async function renew(): Promise<void> {
    const { renewAt = 0 } = (await store.grant(home)) ?? {};
    if (Date.now() < renewAt) return;
    const { grant, expiresIn } = await callApi(home, 'grant', { maxFiles: MOST_FILES }, await credentialed());
    const now = Date.now();
    await store.keepGrant({ grant, endpoint: home, expiresAt: now + expiresIn * 1000, renewAt: now + RENEW_MS });
  }
  const own = async () => (signedIn ? credentialed().catch(() => undefined) : undefined);
  return {
    own,
    async identity(endpoint) {
      // The app's own credentials may be out of reach when the network is; the grant is at hand.
      // Elsewhere than at home they are no one's business.
      const identity = endpoint === home ? await own() : undefined;
      if (identity) return identity;
      const kept = await store.grant(endpoint);
      return kept && byGrant(kept);
    },
    async prepare() {
      if (signedIn) await renew().catch(() => {});
      const { expiresAt = 0 } = (await store.grant(home)) ?? {};
      return expiresAt > Date.now();
    },
  };
}

import { callApi, type Identity } from '../sw/api.ts';
import { byGrant } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import type { UploadClientOptions } from './options.ts';

const RENEW_BEFORE_MS = 86_400_000;

/** Who this page acts for. */
export interface Self {
  /** The app's own credentials for its own server; undefined where it has none, or cannot get at them. */
  own(): Promise<Identity | undefined>;
  /** The app's own credentials, or the grant kept from an earlier visit. */
  identity(endpoint: string): Promise<Identity | undefined>;
  /** Keeps a grant with at least a day left, where that can be had now; tells whether uploads can be begun without the page. */
  prepare(): Promise<boolean>;
}

export function createSelf({ endpoint: home, apiKey, headers, credentials }: UploadClientOptions, store: Store): Self {
  const signedIn = apiKey !== undefined || headers !== undefined || credentials !== undefined;

  async function credentialed(): Promise<Identity> {
    const given = Object.fromEntries(new Headers(await headers?.()));
    return { headers: { ...(apiKey !== undefined && { 'x-api-key': apiKey }), ...given }, credentials };
  }
  /** Milliseconds that the kept grant still lives. */
  const left = async () => ((await store.grant(home))?.expiresAt ?? 0) - Date.now();

  async function renew(): Promise<void> {
    if ((await left()) > RENEW_BEFORE_MS) return;
    const { grant, expiresIn } = await callApi(home, 'grant', {}, await credentialed());
    await store.keepGrant({ grant, endpoint: home, expiresAt: Date.now() + expiresIn * 1000 });
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
      return (await left()) > 0;
    },
  };
}

import type { Bucket } from './bucket/bucket.ts';
import type { StoreConfig } from './config/config.ts';
import type { Provider } from './contract/wire.ts';
import type { Shelf } from './credentials/shelf.ts';
import type { Database } from './database/connection.ts';
import type { Metrics } from './health/metrics.ts';
import type { Hooks } from './hooks.ts';
import type { Identify } from './identity/jwt.ts';
import type { Limits } from './limits.ts';
import type { Gate } from './rate/gate.ts';

import type { Random } from './token.ts';

/** Everything the core needs from outside, so that faults can be injected. */
export interface Deps {
  database: Database;
  buckets: Partial<Record<Provider, Bucket>>;
  defaultProvider: Provider;
  /** Key of the resume tokens' HMAC; what seals the credentials of requests is derived from it. */
  secret: string;
  /** What was made under these still opens. */
  previousSecrets: string[];
  /** Requests may bring credentials of their own. */
  requestCredentials: boolean;
  /** Opens what such credentials lead to. */
  openBucket: (store: StoreConfig) => Bucket;
  /** What was opened so, and may be wanted again. */
  broughtBuckets: Shelf;
  clock: () => Date;
  random: Random;
  keyPrefix: string;
  publicBaseUrl?: string | undefined;
  allowedOrigins: string[];
  partDigest: boolean;
  /** The API key `dev` is accepted from this machine. */
  dev: boolean;
  limits: Limits;
  /** Set where the rate of requests is limited. */
  gate?: Gate | undefined;
  log: (event: string, fields: Record<string, unknown>) => void;
  /** Set where tokens of another issuer are taken. */
  identify?: Identify | undefined;
  metrics?: Metrics | undefined;
  authenticate?: Hooks['authenticate'] | undefined;
  beforeInit?: Hooks['beforeInit'] | undefined;
  /** Tells whoever is to be told that a session has completed or failed; never rejects, and takes 10 s at most. */
  announce?: ((sessionId: string) => Promise<void>) | undefined;
}

import { resolve } from 'node:path';
import { amazonAt, cloudflareAt } from '../bucket/address.ts';
import type { Profile } from '../contract/profile.ts';
import { PROFILES } from '../contract/profiles.ts';
import type { Provider } from '../contract/wire.ts';
import type { Target } from '../database/connection.ts';
import { StartError } from '../fault.ts';
import type { Identity } from '../identity/jwt.ts';
import type { Limits } from '../limits.ts';
import type { LogLevel } from '../log/log.ts';
import type { Rates } from '../rate/gate.ts';
import type { Webhook } from '../webhook/post.ts';
import { parseSecrets } from '../webhook/signature.ts';
import { type Env, type Reader, reader } from './env.ts';
import { keptSecret } from './secret.ts';

/** One configured bucket and what its store demands. */
export interface StoreConfig {
  provider: Provider;
  /** Absolute, without a trailing slash. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
  sessionToken: string | undefined;
  pathStyle: boolean;
  profile: Profile;
}

export interface Config {
  dev: boolean;
  host: string;
  port: number;
  databaseUrl: string | undefined;
  stores: StoreConfig[];
  defaultProvider: Provider | undefined;
  bucketPort: number;
  keyPrefix: string;
  publicBaseUrl: string | undefined;
  allowedOrigins: string[];
  /** Whether part URLs may be bound to the MD5 of their bytes; `PART_DIGEST=none` turns it off. */
  partDigest: boolean;
  dataDir: string;
  secret: string;
  /** Secrets of before: what was made under them still opens. */
  previousSecrets: string[];
  /** Requests may bring credentials of their own. */
  requestCredentials: boolean;
  webhook: Webhook | undefined;
  limits: Limits;
  /** Seconds between two rounds of the janitor; 0 leaves it all to `partway-janitor --once`. */
  janitorSeconds: number;
  /** Ended sessions are kept for so long after their time. */
  retentionDays: number;
  /** Whose tokens (JWT) are taken beside API keys. */
  identity: Identity | undefined;
  rates: Rates;
  logLevel: LogLevel;
  /** Lets callers from elsewhere see `/metrics` and the details of `/readyz`. */
  metricsToken: string | undefined;
}

/** Requests a minute. */
const FASTEST = 1_000_000;
const DATABASE_PROTOCOLS = ['postgres:', 'postgresql:'];

/** Reads the whole configuration; `argv`, where there is one, may hold `--dev`. Throws one `StartError` that names every fault. */
export function readConfig(env: Env, argv?: string[]): Config {
  const faults: string[] = [];
  const read = reader(env, faults);
  const dev = argv?.includes('--dev') ?? false;
  const orDev = argv ? ', or start with --dev' : '';
  for (const flag of argv ?? [])
    if (flag !== '--dev') faults.push(`${flag} is no option of this server; it knows only --dev.`);
  const config = {
    dev,
    host: read.text('HOST') ?? (dev ? '127.0.0.1' : '0.0.0.0'),
    port: read.port('PORT', 8787),
    databaseUrl: read.address('DATABASE_URL', DATABASE_PROTOCOLS),
    stores: [s3(read), r2(read)].filter((store) => store !== undefined),
    defaultProvider: read.choice('DEFAULT_PROVIDER', ['S3', 'R2']),
    bucketPort: read.port('BUCKET_PORT', 8788),
    keyPrefix: read.prefix('KEY_PREFIX', 'multipart/'),
    publicBaseUrl: read.address('PUBLIC_BASE_URL', ['http:', 'https:']),
    allowedOrigins: read.origins('ALLOWED_ORIGINS'),
    partDigest: read.choice('PART_DIGEST', ['md5', 'none']) !== 'none',
    dataDir: resolve(read.text('DATA_DIR') ?? '.partway'),
    secret: read.secret('PARTWAY_SECRET', dev),
    previousSecrets: read.secrets('PARTWAY_SECRET_PREVIOUS'),
    requestCredentials: read.choice('ALLOW_REQUEST_CREDENTIALS', ['true', 'false']) === 'true',
    webhook: webhook(read, faults),
    limits: {
      fileSize: read.size('MAX_FILE_SIZE'),
      contentTypes: read.contentTypes('ALLOWED_CONTENT_TYPES'),
      openUploads: read.number('MAX_OPEN_UPLOADS', 1, 1_000_000) ?? 10_000,
      reservedBytes: read.size('MAX_RESERVED_BYTES'),
    },
    janitorSeconds: read.number('JANITOR_SECONDS', 0, 86_400) ?? 30,
    retentionDays: read.number('RETENTION_DAYS', 0, 3650) ?? 30,
    identity: identity(read, faults),
    rates: {
      credential: read.number('RATE_LIMIT', 0, FASTEST) ?? (dev ? 0 : 1200),
      address: read.number('RATE_LIMIT_ADDRESS', 0, FASTEST) ?? (dev ? 0 : 6000),
      trustedProxies: read.ranges('TRUSTED_PROXY', 'loopback'),
    },
    logLevel: read.choice('LOG_LEVEL', ['info', 'error']) ?? (dev ? ('error' as const) : ('info' as const)),
    metricsToken: read.token('METRICS_TOKEN', 16),
  };
  if (!dev && !read.text('DATABASE_URL'))
    faults.push(`DATABASE_URL is missing: give the address of a PostgreSQL 14 or newer${orDev}.`);
  if (!dev && !config.stores.length)
    faults.push(`S3_BUCKET or R2_BUCKET is missing: give the bucket and its keys${orDev}.`);
  if (
    config.defaultProvider &&
    config.stores.length &&
    !config.stores.some((s) => s.provider === config.defaultProvider)
  )
    faults.push(`DEFAULT_PROVIDER is ${config.defaultProvider}, but no bucket of that provider is configured.`);
  if (faults.length) throw new StartError(faults.join('\n'));
  return { ...config, secret: config.secret || keptSecret(config.dataDir) };
}

/** The database alone, for commands that need nothing else. */
export function readDatabaseUrl(env: Env): string {
  const faults: string[] = [];
  const url = reader(env, faults).address('DATABASE_URL', DATABASE_PROTOCOLS);
  if (url) return url;
  throw new StartError(faults[0] ?? 'DATABASE_URL is missing: give the address of the database that the server uses.');
}

/** Whom the ends of uploads are told to, for commands that end some. */
export const readTargets = (env: Env): Target[] => (reader(env, []).text('WEBHOOK_URL') ? ['webhook'] : []);

function s3(read: Reader): StoreConfig | undefined {
  const keys = read.all('S3_', ['ACCESS_KEY', 'SECRET_KEY', 'BUCKET'], read.text('S3_ENDPOINT') !== undefined);
  const region = read.region('S3_REGION', 'us-east-1');
  const endpoint = read.address('S3_ENDPOINT', ['http:', 'https:']) ?? amazonAt(region);
  const amazon = /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
  const profile = PROFILES[read.choice('S3_PROFILE', ['S3', 'R2', 'generic']) ?? (amazon ? 'S3' : 'generic')];
  const smallestPart = read.number('S3_SMALLEST_PART', 1, profile.largestPart) ?? profile.smallestPart;
  const pathStyle = read.choice('S3_FORCE_PATH_STYLE', ['true', 'false']);
  if (!keys) return undefined;
  return {
    provider: 'S3',
    endpoint,
    region,
    bucket: keys.BUCKET!,
    accessKey: keys.ACCESS_KEY!,
    secretKey: keys.SECRET_KEY!,
    sessionToken: read.text('S3_SESSION_TOKEN'),
    // A dot in the bucket's name breaks the certificate of the virtual-hosted address.
    pathStyle: pathStyle ? pathStyle === 'true' : !amazon || keys.BUCKET!.includes('.'),
    profile: { ...profile, smallestPart },
  };
}

function r2(read: Reader): StoreConfig | undefined {
  const keys = read.all('R2_', ['ACCESS_KEY', 'SECRET_KEY', 'ACCOUNT_ID', 'BUCKET']);
  const endpoint = read.address('R2_ENDPOINT', ['http:', 'https:']);
  if (!keys) return undefined;
  return {
    provider: 'R2',
    endpoint: endpoint ?? cloudflareAt(keys.ACCOUNT_ID!),
    region: 'auto',
    bucket: keys.BUCKET!,
    accessKey: keys.ACCESS_KEY!,
    secretKey: keys.SECRET_KEY!,
    sessionToken: undefined,
    pathStyle: true,
    profile: PROFILES.R2,
  };
}

function webhook(read: Reader, faults: string[]): Webhook | undefined {
  const url = read.receiver('WEBHOOK_URL');
  const text = read.text('WEBHOOK_SECRET');
  if (text && !read.text('WEBHOOK_URL')) faults.push('WEBHOOK_URL is missing: WEBHOOK_SECRET is set.');
  if (url && !text)
    faults.push(
      'WEBHOOK_SECRET is missing: WEBHOOK_URL is set. Make one with: echo "whsec_$(openssl rand -base64 32)".',
    );
  const secrets = text ? parseSecrets(text) : [];
  if (!secrets)
    faults.push('WEBHOOK_SECRET must be whsec_ and the base64 of 24 to 64 bytes; several with blanks between.');
  return url && secrets?.length ? { url, secrets } : undefined;
}

function identity(read: Reader, faults: string[]): Identity | undefined {
  const secret = read.secret('JWT_SECRET', true);
  const jwksUrl = read.keySet('JWKS_URL');
  const [issuer, audience] = [read.text('JWT_ISSUER'), read.text('JWT_AUDIENCE')];
  const [signed, published] = [read.text('JWT_SECRET'), read.text('JWKS_URL')];
  if (signed && published)
    faults.push('JWT_SECRET and JWKS_URL are both set: keep the one that your tokens are signed by.');
  for (const [name, value] of Object.entries({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience }))
    if (value && !signed && !published)
      faults.push(`${name} is set, but no tokens are taken: set JWT_SECRET or JWKS_URL.`);
  if (jwksUrl) return { keys: { jwksUrl }, issuer, audience };
  return secret ? { keys: { secret }, issuer, audience } : undefined;
}

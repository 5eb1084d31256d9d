import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROFILES, type Profile } from './contract/profile.ts';
import type { Provider } from './contract/wire.ts';
import { StartError } from './fault.ts';

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
}

const SHORTEST_SECRET = 32;
const DATABASE_PROTOCOLS = ['postgres:', 'postgresql:'];

type Env = Record<string, string | undefined>;

/** Reads the whole configuration; throws one `StartError` that names every fault. */
export function readConfig(env: Env, argv: string[]): Config {
  const faults: string[] = [];
  const read = reader(env, faults);
  const dev = argv.includes('--dev');
  for (const flag of argv)
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
  };
  if (!dev && !read.text('DATABASE_URL'))
    faults.push('DATABASE_URL is missing: give the address of a PostgreSQL 14 or newer, or start with --dev.');
  if (!dev && !config.stores.length)
    faults.push('S3_BUCKET or R2_BUCKET is missing: give the bucket and its keys, or start with --dev.');
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

type Reader = ReturnType<typeof reader>;

function reader(env: Env, faults: string[]) {
  const text = (name: string) => env[name]?.trim() || undefined;
  const all = (prefix: string, names: string[], meant = false) => {
    const lacking = names.filter((name) => !text(prefix + name));
    if (lacking.length === names.length && !meant) return undefined;
    for (const name of lacking) faults.push(`${prefix}${name} is missing: the other ${prefix}* variables are set.`);
    return Object.fromEntries(names.map((name) => [name, text(prefix + name) ?? '']));
  };
  const number = (name: string, lowest: number, highest: number) => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(value) && Number(value) >= lowest && Number(value) <= highest) return Number(value);
    faults.push(`${name} must be a whole number from ${lowest} to ${highest}; it is "${value}".`);
    return undefined;
  };
  const choice = <T extends string>(name: string, values: T[]) => {
    const value = text(name);
    if (value === undefined || values.includes(value as T)) return value as T | undefined;
    faults.push(`${name} must be ${values.join(' or ')}; it is "${value}".`);
    return undefined;
  };
  const address = (name: string, protocols: string[]) => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value.replace(/\/+$/, '');
    // The value is not shown: an address may carry a password.
    faults.push(`${name} must be an address that begins with ${protocols.map((p) => `${p}//`).join(' or ')}.`);
    return undefined;
  };
  const origins = (name: string) =>
    (text(name) ?? '').split(',').flatMap((entry) => {
      const value = entry.trim();
      if (!value) return [];
      if (URL.canParse(value) && new URL(value).origin === value) return [value];
      faults.push(`${name} must be origins such as https://app.example.com, with commas between; "${value}" is none.`);
      return [];
    });
  const secret = (name: string, dev: boolean) => {
    const value = text(name) ?? '';
    if (!value && !dev)
      faults.push(`${name} is missing: set it to at least 32 random characters (openssl rand -base64 33).`);
    if (value && value.length < SHORTEST_SECRET)
      faults.push(`${name} is too short: it must have at least ${SHORTEST_SECRET} characters.`);
    return value;
  };
  const prefix = (name: string, standard: string) => {
    const value = text(name) ?? standard;
    // Clients resolve `.` and `..` before they send, and an empty step would not survive either.
    if (/^[\w.!'()* -]+(\/[\w.!'()* -]+)*\/?$/.test(value) && !value.split('/').some((step) => /^\.\.?$/.test(step)))
      return value;
    faults.push(
      `${name} must be letters, digits and -_.!'()* between single slashes, as in "multipart/"; it is "${value}".`,
    );
    return standard;
  };
  const region = (name: string, standard: string) => {
    const value = text(name) ?? standard;
    if (/^[a-z0-9-]+$/i.test(value)) return value;
    faults.push(`${name} must be letters, digits and dashes, as in ${standard}; it is "${value}".`);
    return standard;
  };
  return {
    text,
    prefix,
    region,
    all,
    number,
    port: (name: string, standard: number) => number(name, 0, 65_535) ?? standard,
    choice,
    address,
    origins,
    secret,
  };
}

function s3(read: Reader): StoreConfig | undefined {
  const keys = read.all('S3_', ['ACCESS_KEY', 'SECRET_KEY', 'BUCKET'], read.text('S3_ENDPOINT') !== undefined);
  const region = read.region('S3_REGION', 'us-east-1');
  const endpoint = read.address('S3_ENDPOINT', ['http:', 'https:']) ?? `https://s3.${region}.amazonaws.com`;
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
    endpoint: endpoint ?? `https://${keys.ACCOUNT_ID}.r2.cloudflarestorage.com`,
    region: 'auto',
    bucket: keys.BUCKET!,
    accessKey: keys.ACCESS_KEY!,
    secretKey: keys.SECRET_KEY!,
    sessionToken: undefined,
    pathStyle: true,
    profile: PROFILES.R2,
  };
}

/** The secret of `--dev`: made once and kept in `folder`, so that tokens outlive a restart. */
function keptSecret(folder: string): string {
  const path = join(folder, 'secret');
  try {
    mkdirSync(folder, { recursive: true });
    const kept = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (kept.length >= SHORTEST_SECRET) return kept;
    const made = randomBytes(48).toString('base64');
    // Renamed into place: a full disk must not leave half a secret.
    writeFileSync(`${path}.new`, made, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return made;
  } catch (cause) {
    throw new StartError(
      `DATA_DIR ${folder} cannot be written (${(cause as { code?: string }).code}): make it writable, or set DATA_DIR to a folder that is.`,
    );
  }
}

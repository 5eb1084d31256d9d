import { amazonAt, cloudflareAt } from '../bucket/address.ts';
import type { StoreConfig } from '../config/config.ts';
import { UploadError } from '../contract/errors.ts';
import { PROFILES } from '../contract/profiles.ts';
import type { InitRequest, Provider } from '../contract/wire.ts';

/** The caller's own bucket, and the keys to it. */
export interface Credentials {
  provider: Provider;
  accessKey: string;
  secretKey: string;
  bucket: string;
  /** R2: the account's id. S3: the region. */
  place: string;
}

type Fact = Exclude<keyof Credentials, 'provider'>;

/** What each is called in a request. */
const FIELDS = {
  R2: { accessKey: 'r2AccessKey', secretKey: 'r2SecretKey', place: 'r2AccountId', bucket: 'r2Bucket' },
  S3: { accessKey: 's3AccessKey', secretKey: 's3SecretKey', bucket: 's3Bucket', place: 's3Region' },
} as const satisfies Record<Provider, Record<Fact, keyof InitRequest>>;

export type CredentialField = (typeof FIELDS)[Provider][Fact];

export const CREDENTIAL_FIELDS = Object.values(FIELDS).flatMap((fields): CredentialField[] => Object.values(fields));

type Wish = Pick<InitRequest, CredentialField | 'provider'>;

/** Whether the request names a bucket of the caller's own, in whole or in part. */
export const bringsCredentials = (wish: Wish): boolean => CREDENTIAL_FIELDS.some((field) => wish[field] !== undefined);

/**
 * The credentials of a request that brings some; no message shows any of them. Throws `MISSING_R2_CREDENTIALS`,
 * `MISSING_S3_CREDENTIALS`, `INVALID_PROVIDER` or `INVALID_REQUEST`.
 */
export function credentialsOf(wish: Wish): Credentials {
  const { provider } = wish;
  if (!provider)
    throw new UploadError('INVALID_PROVIDER', 'provider is missing: say R2 or S3, whichever the credentials are for.');
  const fields = FIELDS[provider];
  const own: CredentialField[] = Object.values(fields);
  const stray = CREDENTIAL_FIELDS.filter((field) => wish[field] !== undefined && !own.includes(field));
  if (stray.length)
    throw new UploadError('INVALID_REQUEST', `${stray.join(', ')}: not for the provider ${provider}; leave them out.`);
  const lacking = own.filter((field) => !wish[field]);
  if (lacking.length)
    throw new UploadError(`MISSING_${provider}_CREDENTIALS`, `${lacking.join(', ')}: missing from the request.`);
  const credentials: Credentials = {
    provider,
    accessKey: wish[fields.accessKey]!,
    secretKey: wish[fields.secretKey]!,
    bucket: wish[fields.bucket]!,
    place: wish[fields.place]!,
  };
  assertLawful(credentials);
  return credentials;
}

const KEY = { pattern: /^[\x21-\x7e]{1,256}$/, rule: '1 to 256 printable ASCII characters without blanks' };
const BUCKET = {
  pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  rule: '3 to 63 small letters, digits, dots and dashes, with a letter or digit at both ends',
};
const ACCOUNT = { pattern: /^[0-9a-f]{32}$/, rule: 'the 32 hexadecimal digits of the account, in small letters' };
const REGION = { pattern: /^[a-z]{2}(-[a-z]{1,16}){1,3}-\d$/, rule: 'a region of Amazon such as eu-central-1' };

const RULES: Record<Provider, Record<Fact, { pattern: RegExp; rule: string }>> = {
  R2: { accessKey: KEY, secretKey: KEY, bucket: BUCKET, place: ACCOUNT },
  S3: { accessKey: KEY, secretKey: KEY, bucket: BUCKET, place: REGION },
};

function assertLawful(credentials: Credentials): void {
  const { provider } = credentials;
  for (const [fact, { pattern, rule }] of Object.entries(RULES[provider]) as [Fact, typeof KEY][])
    if (!pattern.test(credentials[fact]))
      throw new UploadError('INVALID_REQUEST', `${FIELDS[provider][fact]} must be ${rule}.`);
}

/** Where they lead: Amazon or Cloudflare and nowhere else, whatever they say. Throws `INVALID_REQUEST`. */
export function storeOf(credentials: Credentials): StoreConfig {
  assertLawful(credentials);
  const { provider, place, bucket, accessKey, secretKey } = credentials;
  const where =
    provider === 'R2'
      ? { endpoint: cloudflareAt(place), region: 'auto' }
      : { endpoint: amazonAt(place), region: place };
  return {
    provider,
    ...where,
    bucket,
    accessKey,
    secretKey,
    sessionToken: undefined,
    pathStyle: true,
    profile: PROFILES[provider],
  };
}

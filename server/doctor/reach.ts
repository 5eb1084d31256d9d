import { ANSWER_SECONDS, type Answer, SILENT, succeeded } from '../bucket/answer.ts';
import type { StoreConfig } from '../config/config.ts';
import { type Cure, type Finding, fault, ok, told } from './finding.ts';
import { awsOptions, isAmazon, isR2, originOf, type Subject, settings } from './subject.ts';

const CHECK = 'reach';

/** Whether there is any use in asking more: what the first signed request came to. */
export function reach(subject: Subject, first: Answer): { finding: Finding; goOn: boolean } {
  const { store } = subject;
  const stop = (says: string, cure: Cure) => ({ finding: fault(CHECK, says, cure), goOn: false });
  const name = settings(subject);
  const place = originOf(store);
  const { status, code = '' } = first;

  if (code === SILENT)
    return stop(`${place} does not answer within ${ANSWER_SECONDS} s.`, {
      todo: `Look whether the store is up, whether a firewall or proxy stands between, and whether ${name}ENDPOINT is its address.`,
    });
  if (!status) return stop(`${place}: ${told(first)}.`, { todo: lossCure(code, name) });
  const keys = KEYS[code];
  if (keys) return stop(`The store refuses the credentials (${told(first)}).`, { todo: keys(name) });
  if (code === 'NoSuchBucket')
    return stop(`There is no bucket ${store.bucket} at ${place} (${told(first)}).`, {
      todo: isR2(store)
        ? `Correct ${name}BUCKET or make the bucket; one of a jurisdiction needs ${name}ENDPOINT, as in https://ACCOUNT_ID.eu.r2.cloudflarestorage.com.`
        : `Correct ${name}BUCKET or make the bucket.`,
      paste: [{ where: 'a shell', text: `aws s3api create-bucket ${awsOptions(subject)}${placement(store)}` }],
    });
  if (ELSEWHERE.has(code) || (status >= 300 && status < 400)) {
    const region = /^[a-z\d-]+$/.exec(first.headers['x-amz-bucket-region'] ?? '')?.[0];
    return stop(`The bucket is in another region than ${store.region} (${told(first)}).`, {
      todo: `Set ${name}REGION to the bucket's own region${region ? '' : ': aws s3api get-bucket-location tells it'}.`,
      ...(region && { paste: [{ where: 'the environment', text: `${name}REGION=${region}` }] }),
    });
  }
  if (status >= 500)
    return stop(`The store fails (${told(first)}).`, {
      todo: 'Its own log or status page tells why; run the doctor again when it is well.',
    });
  if (status < 300 && !succeeded(first))
    return stop(`What answers at ${place} does not speak S3 (${told(first)}).`, {
      todo: `Set ${name}ENDPOINT to the address of the store's S3 API, not to its console.`,
    });
  return { finding: ok(CHECK, `${place} answers.`), goOn: true };
}

/** Amazon makes a bucket in us-east-1 unless told. */
const placement = (store: StoreConfig): string =>
  isAmazon(store) && store.region !== 'us-east-1'
    ? ` --create-bucket-configuration LocationConstraint=${store.region}`
    : '';

/** The first signed request is refused for these only where the keys are wrong. */
const KEYS: Record<string, (name: string) => string> = {
  SignatureDoesNotMatch: (name) =>
    `${name}SECRET_KEY is not the one that belongs to ${name}ACCESS_KEY: copy it anew, without quotes or blanks.`,
  InvalidAccessKeyId: (name) => `The store does not know ${name}ACCESS_KEY: copy it anew, or make a new key.`,
  Unauthorized: (name) => `${name}ACCESS_KEY and ${name}SECRET_KEY must be those of an S3 API token of this account.`,
  ExpiredToken: (name) => `${name}SESSION_TOKEN has expired: use keys that last, because the server reads them once.`,
  InvalidToken: (name) => `${name}SESSION_TOKEN is not one of this store: leave it out unless the keys came with it.`,
};

const ELSEWHERE = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'InvalidRegionName',
]);

function lossCure(code: string, name: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `The name of the host is not known here: correct ${name}ENDPOINT or ${name}REGION, or look after this machine's DNS.`;
  if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED|ISSUER/.test(code))
    return `The store's certificate is not valid for this address: mend it, or correct ${name}ENDPOINT (http or https, host, port).`;
  return `Nothing takes connections there: start the store, or correct ${name}ENDPOINT.`;
}

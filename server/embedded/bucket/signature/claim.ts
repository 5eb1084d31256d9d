import { BucketError } from '../errors.ts';
import type { Target } from '../target.ts';

/** What a request says of its own signature, not yet believed. */
export interface Claim {
  inQuery: boolean;
  accessKey: string;
  scope: string;
  /** ISO 8601 basic: `20260102T030405Z`. */
  date: string;
  /** Seconds the URL lives; only in a query. */
  expires: number;
  signedHeaders: string[];
  signature: string;
  /** Hex SHA-256 of the body, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-` kinds. */
  payload: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Seven days, by AWS. */
const LONGEST_LIFE = 604_800;

function scoped(credential: string, wrong: (why: string) => BucketError): Pick<Claim, 'accessKey' | 'scope'> {
  const parts = /^([^/]+)\/(\d{8}\/[^/]+\/s3\/aws4_request)$/.exec(credential);
  if (!parts) throw wrong('the credential must be KEY/DATE/REGION/s3/aws4_request.');
  return { accessKey: parts[1]!, scope: parts[2]! };
}

function fromQuery(headers: Headers, target: Target): Claim {
  const wrong = (why: string) =>
    new BucketError('AuthorizationQueryParametersError', `The URL is not signed right: ${why}`);
  const need = (name: string) => {
    const value = target.get(name);
    if (!value) throw wrong(`${name} is missing.`);
    return value;
  };
  if (need('X-Amz-Algorithm') !== ALGORITHM) throw wrong(`only ${ALGORITHM} is known.`);
  const life = need('X-Amz-Expires');
  if (!/^\d{1,6}$/.test(life) || Number(life) < 1 || Number(life) > LONGEST_LIFE)
    throw wrong(`X-Amz-Expires must be between 1 and ${LONGEST_LIFE} seconds.`);
  return {
    ...scoped(need('X-Amz-Credential'), wrong),
    inQuery: true,
    date: need('X-Amz-Date'),
    expires: Number(life),
    signedHeaders: need('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature: need('X-Amz-Signature'),
    payload: headers.get('x-amz-content-sha256') ?? target.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  };
}

function fromHeader(headers: Headers, authorization: string): Claim {
  const wrong = (why: string) =>
    new BucketError('AuthorizationHeaderMalformed', `The authorization header is malformed: ${why}`);
  if (!authorization.startsWith(`${ALGORITHM} `)) throw wrong(`only ${ALGORITHM} is known.`);
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => field.trim().split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const need = (name: string) => {
    const value = fields.get(name);
    if (!value) throw wrong(`${name} is missing.`);
    return value;
  };
  const payload = headers.get('x-amz-content-sha256');
  if (!payload)
    throw new BucketError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  return {
    ...scoped(need('Credential'), wrong),
    inQuery: false,
    date: headers.get('x-amz-date') ?? '',
    expires: 0,
    signedHeaders: need('SignedHeaders').toLowerCase().split(';'),
    signature: need('Signature'),
    payload,
  };
}

/** Reads the claim from the header or the query. Throws AccessDenied where there is none, and on a malformed one. */
export function claimOf(headers: Headers, target: Target): Claim {
  const authorization = headers.get('authorization');
  const inQuery = target.get('X-Amz-Signature') !== undefined || target.get('X-Amz-Algorithm') !== undefined;
  if (authorization !== null && inQuery)
    throw new BucketError('InvalidArgument', 'Sign the header or the query of a request, not both.');
  if (inQuery) return fromQuery(headers, target);
  if (authorization === null) throw new BucketError('AccessDenied', 'Access Denied: the request is not signed.');
  return fromHeader(headers, authorization);
}

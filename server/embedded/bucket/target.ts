import { BucketError } from './errors.ts';

/** What a path-style URL names, percent-decoded. */
export interface Target {
  /** Empty for the service itself. */
  bucket: string;
  /** Empty for the bucket itself. Never used as a path. */
  key: string;
  /** The decoded path as it is signed. */
  path: string;
  parameters: [name: string, value: string][];
  get(name: string): string | undefined;
}

const LONGEST_KEY = 1024;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BucketError('InvalidURI', 'The URI is not valid percent-encoded UTF-8.');
  }
}

/** Reads the target of a request. Throws InvalidURI and KeyTooLongError. */
export function targetOf(address: string): Target {
  const url = new URL(address);
  const path = decode(url.pathname);
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  // S3: a key is at most 1,024 bytes of UTF-8.
  if (Buffer.byteLength(key) > LONGEST_KEY) throw new BucketError('KeyTooLongError', 'Your key is too long.');
  const parameters = url.search
    .slice(1)
    .split('&')
    .filter(Boolean)
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      // A form's plus sign is a space; a signed plus sign arrives as %2B.
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))];
    });
  const first = new Map([...parameters].reverse());
  return { bucket, key, path, parameters, get: (name) => first.get(name) };
}

/** A whole number in the query, cut to `most`. Throws InvalidArgument where it is none. */
export function count(target: Target, name: string, fallback: number, most: number): number {
  const given = target.get(name);
  if (given === undefined || given === '') return fallback;
  if (!/^\d{1,10}$/.test(given))
    throw new BucketError('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647.`);
  return Math.min(Number(given), most);
}

import { LOOPBACK, parseRange } from '../rate/address.ts';
import { isKeyPrefix, KEY_PREFIX_RULE } from './prefix.ts';

export type Env = Record<string, string | undefined>;
export type Reader = ReturnType<typeof reader>;

export const SHORTEST_SECRET = 32;

const UNITS = ['', 'K', 'M', 'G', 'T'];

/** Bytes of `500 MiB`, `5GB` or a plain number; undefined where it is none, or not above 0. */
function bytesOf(text: string): number | undefined {
  const [, number, unit = '', binary] = /^(\d+(?:\.\d+)?) *(?:([kmgt])(i)?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (binary ? 1024 : 1000) ** UNITS.indexOf(unit.toUpperCase()));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Reads single settings; what is wrong is added to `faults`, one sentence each, beginning with the setting's name. */
export function reader(env: Env, faults: string[]) {
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
  const size = (name: string) => {
    const value = text(name);
    const bytes = value === undefined ? undefined : bytesOf(value);
    if (value !== undefined && bytes === undefined)
      faults.push(`${name} must be a number of bytes such as 5368709120, 500 MB, 500 MiB or 5 GiB; it is "${value}".`);
    return bytes;
  };
  const contentTypes = (name: string) =>
    (text(name) ?? '').split(',').flatMap((entry) => {
      const value = entry.trim().toLowerCase();
      if (!value) return [];
      if (/^[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)$/.test(value)) return [value];
      faults.push(`${name} must be media types such as video/mp4 or image/*, with commas between; "${entry}" is none.`);
      return [];
    });
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
  /** As `address`, but kept to the letter, and nothing in it may be a password. */
  const open = (name: string, isRight: (url: URL) => boolean, rule: string) => {
    const value = text(name);
    const url = value !== undefined && URL.canParse(value) ? new URL(value) : undefined;
    if (value === undefined || (url && isRight(url) && !url.username && !url.password)) return value;
    faults.push(`${name} must be an address that begins with ${rule} and has no user or password in it.`);
    return undefined;
  };
  const receiver = (name: string) => open(name, ({ protocol }) => /^https?:$/.test(protocol), 'http:// or https://');
  /** Where public keys are read: whoever stood in between could put in his own. */
  const keySet = (name: string) =>
    open(
      name,
      ({ protocol, hostname }) =>
        protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)),
      'https:// (http:// only where it is on this machine)',
    );
  const origins = (name: string) =>
    (text(name) ?? '').split(',').flatMap((entry) => {
      const value = entry.trim();
      if (!value) return [];
      if (URL.canParse(value) && new URL(value).origin === value) return [value];
      faults.push(`${name} must be origins such as https://app.example.com, with commas between; "${value}" is none.`);
      return [];
    });
  const ranges = (name: string, standard: string) =>
    (text(name) ?? standard).split(',').flatMap((entry) => {
      const value = entry.trim();
      if (!value) return [];
      const range = parseRange(value);
      if (value === 'loopback') return LOOPBACK;
      if (range) return [range];
      faults.push(
        `${name} must be addresses such as 10.0.0.7 or 10.0.0.0/8, or loopback, with commas between; "${value}" is none.`,
      );
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
  /** One that is not needed to start. */
  const token = (name: string, shortest: number) => {
    const value = text(name);
    if (value === undefined || (value.length >= shortest && !/\s/.test(value))) return value;
    faults.push(`${name} must have at least ${shortest} characters, and no blanks.`);
    return undefined;
  };
  const secrets = (name: string) => {
    const values = text(name)?.split(/\s+/) ?? [];
    if (values.some((value) => value.length < SHORTEST_SECRET))
      faults.push(`${name} must be secrets of at least ${SHORTEST_SECRET} characters each, with blanks between.`);
    return values;
  };
  const prefix = (name: string, standard: string) => {
    const value = text(name) ?? standard;
    if (isKeyPrefix(value)) return value;
    faults.push(`${name} must be ${KEY_PREFIX_RULE}; it is "${value}".`);
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
    size,
    contentTypes,
    port: (name: string, standard: number) => number(name, 0, 65_535) ?? standard,
    choice,
    address,
    receiver,
    keySet,
    ranges,
    origins,
    secret,
    token,
    secrets,
  };
}

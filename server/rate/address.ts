import { isIPv4, isIPv6 } from 'node:net';

/** An IP address as a number. */
export interface Address {
  bits: 32 | 128;
  value: bigint;
}

/** All addresses whose first `prefix` bits are those of `value`. */
export interface Range extends Address {
  prefix: number;
}

const MAPPED = 0xffffn;

const numberOf = (groups: number[], width: bigint) =>
  groups.reduce((value, group) => (value << width) | BigInt(group), 0n);

/**
 * An IPv4 or IPv6 address (RFC 4291), also with a port, brackets or a zone, as proxies write it; one of IPv4 in the
 * clothes of IPv6 is IPv4. Undefined where it is none.
 */
export function parseAddress(text: string): Address | undefined {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '');
  if (isIPv4(address)) return { bits: 32, value: numberOf(address.split('.').map(Number), 8n) };
  if (!isIPv6(address)) return undefined;
  // What is written as IPv4 at the end stands for two groups.
  const plain = address.replace(/\d+\.\d+\.\d+\.\d+$/, (end) => {
    const [a, b, c, d] = end.split('.').map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head, tail] = plain.split('::').map((half) => half.split(':').filter(Boolean)) as [string[], string[]?];
  const zeros = Array(8 - head.length - (tail?.length ?? 0)).fill('0');
  const value = numberOf(
    [...head, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16)),
    16n,
  );
  return value >> 32n === MAPPED ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

/** An address, or a block of them such as `10.0.0.0/8`; undefined where it is none. */
export function parseRange(text: string): Range | undefined {
  const [, start, prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(start ?? '');
  const length = prefix === undefined ? address?.bits : Number(prefix);
  return address && length! <= address.bits ? { ...address, prefix: length! } : undefined;
}

export const LOOPBACK: Range[] = ['127.0.0.0/8', '::1'].map((text) => parseRange(text)!);

export const isWithin = ({ bits, value }: Address, range: Range): boolean => {
  const rest = BigInt(bits - range.prefix);
  return bits === range.bits && value >> rest === range.value >> rest;
};

/**
 * Who sent a request that came from `remote`: where that is one of `trusted`, the last in `forwarded`, an
 * `X-Forwarded-For`, that is not; what stands before that one is the sender's own word.
 */
export function senderOf(remote: string | undefined, forwarded: string | null, trusted: Range[]): Address | undefined {
  let sender = parseAddress(remote ?? '');
  const hops = forwarded?.split(',') ?? [];
  while (sender && hops.length && trusted.some((range) => isWithin(sender!, range))) {
    const before = parseAddress(hops.pop()!.trim());
    if (!before) break;
    sender = before;
  }
  return sender;
}

/** What one sender is counted by and called: whoever has one address of IPv6 has all 2^64 beside it. */
export function nameOf({ bits, value }: Address): string {
  const group = (shift: bigint, width: bigint) => (value >> shift) & ((1n << width) - 1n);
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => group(shift, 8n)).join('.');
  return `${[112n, 96n, 80n, 64n].map((shift) => group(shift, 16n).toString(16)).join(':')}::/64`;
}

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isWithin, nameOf, parseAddress, parseRange, senderOf } from '../../server/rate/address.ts';

const bytes4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const groups8 = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
const dotted = (bytes: number[]) => bytes.join('.');
const hex = (groups: number[]) => groups.map((group) => group.toString(16)).join(':');
/** As the URL standard writes it, shortened; an implementation that is not ours. */
const short = (groups: number[]) => new URL(`http://[${hex(groups)}]`).hostname.slice(1, -1);
const isMapped = (groups: number[]) => groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;

describe('an address', () => {
  test('of IPv4 is its 32 bits, in whatever clothes', () => {
    fc.assert(
      fc.property(bytes4, fc.nat(65_535), (bytes, port) => {
        const value = BigInt(Buffer.from(bytes).readUInt32BE());
        const text = dotted(bytes);
        for (const written of [text, `${text}:${port}`, `::ffff:${text}`, `[::FFFF:${text}]:${port}`])
          expect([written, parseAddress(written)]).toEqual([written, { bits: 32, value }]);
      }),
    );
  });

  test('of IPv6 is its 128 bits, long or short, in either case, with zone or port', () => {
    fc.assert(
      fc.property(groups8, (groups) => {
        fc.pre(!isMapped(groups));
        const value = BigInt(`0x${groups.map((group) => group.toString(16).padStart(4, '0')).join('')}`);
        const forms = [hex(groups), hex(groups).toUpperCase(), short(groups), `${short(groups)}%eth0`];
        for (const written of [...forms, `[${short(groups)}]`, `[${hex(groups)}]:443`])
          expect([written, parseAddress(written)]).toEqual([written, { bits: 128, value }]);
      }),
    );
  });

  test('is nothing else', () => {
    for (const text of [
      '',
      'unknown',
      '_hidden',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '1.2.3.4/8',
      '::1::',
      'g::',
      '[::1',
      ':1',
      'localhost',
      '1',
      '1:2',
    ])
      expect([text, parseAddress(text)]).toEqual([text, undefined]);
    fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
  });

  test('counts with all others of its /64, and with no other', () => {
    fc.assert(
      fc.property(groups8, groups8, (one, two) => {
        fc.pre(!isMapped(one) && !isMapped(two) && !isMapped([...one.slice(0, 4), ...two.slice(4)]));
        const name = (groups: number[]) => nameOf(parseAddress(hex(groups))!);
        expect(name([...one.slice(0, 4), ...two.slice(4)])).toBe(name(one));
        expect(name(one) === name(two)).toBe(hex(one.slice(0, 4)) === hex(two.slice(0, 4)));
      }),
    );
    expect(nameOf(parseAddress('0.0.0.1')!)).not.toBe(nameOf(parseAddress('0:0:0:1::')!));
  });
});

describe('a block of addresses', () => {
  test('has those whose first bits are its own, and no others', () => {
    fc.assert(
      fc.property(bytes4, bytes4, fc.nat(32), (one, two, prefix) => {
        const bits = (bytes: number[]) => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
        const same = bits(one).slice(0, prefix) === bits(two).slice(0, prefix);
        expect(isWithin(parseAddress(dotted(two))!, parseRange(`${dotted(one)}/${prefix}`)!)).toBe(same);
      }),
    );
    const within = (address: string, range: string) => isWithin(parseAddress(address)!, parseRange(range)!);
    expect(within('fd12::1', 'fd00::/8')).toBe(true);
    expect(within('fe12::1', 'fd00::/8')).toBe(false);
    expect(within('::1', '::1')).toBe(true);
    expect(within('::2', '::1')).toBe(false);
    expect(within('1.2.3.4', '::/0')).toBe(false);
  });

  test('that cannot be is none', () => {
    for (const text of [
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0/8',
      '/8',
      '10.0.0.0/8/8',
      '10.0.0.0/-1',
      'loopback',
    ])
      expect([text, parseRange(text)]).toEqual([text, undefined]);
  });
});

describe('the sender', () => {
  const trusted = [parseRange('10.0.0.0/8')!, parseRange('::1')!];
  const sender = (remote: string, forwarded: string | null) => senderOf(remote, forwarded, trusted);

  test('is whoever the connection comes from, unless that is a proxy to be believed', () => {
    expect(sender('9.9.9.9', '1.1.1.1')).toEqual(parseAddress('9.9.9.9')!);
    expect(sender('10.0.0.1', '1.1.1.1')).toEqual(parseAddress('1.1.1.1')!);
    expect(sender('10.0.0.1', null)).toEqual(parseAddress('10.0.0.1')!);
    expect(sender('', '1.1.1.1')).toBeUndefined();
  });

  test('cannot be invented: whatever is sent along, it is what the last believed proxy saw', () => {
    const word = fc.oneof(fc.string(), bytes4.map(dotted), groups8.map(short), fc.constant('10.1.1.1'));
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.constantFrom('10.1.1.1', '::1', ' 10.2.2.2 ')), (invented, proxies) => {
        const forwarded = [...invented, '9.9.9.9', ...proxies].join(',');
        expect(sender('10.0.0.1', forwarded)).toEqual(parseAddress('9.9.9.9')!);
      }),
    );
  });

  test('is the proxy itself where that tells no address', () => {
    for (const forwarded of ['unknown', '1.1.1.1, unknown', '', ',', '1.1.1.1,'])
      expect(sender('10.0.0.1', forwarded)).toEqual(parseAddress('10.0.0.1')!);
  });
});

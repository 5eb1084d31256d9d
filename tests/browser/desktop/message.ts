/**
 * One message of D-Bus in little-endian bytes, as far as notifications need it
 * (https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol).
 */

export const CALL = 1;
export const REPLY = 2;
export const ERROR = 3;
export const SIGNAL = 4;

/** As types `s`, `u`, `b` and `as`. */
export type Value = string | number | boolean | string[];

/** Codes and types of the header's fields. */
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  error: [4, 's'],
  replyTo: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;
type Field = keyof typeof FIELDS;
const NAMES = new Map(Object.entries(FIELDS).map(([name, [code]]) => [code as number, name as Field]));

export type Header = Partial<Record<Field, string | number>>;

export interface Message {
  type: number;
  serial: number;
  header: Header;
  body: Value[];
}

const HEAD_BYTES = 16;
const LITTLE = 'l'.charCodeAt(0);
const VERSION = 1;

/** How many bytes bring `at` to a multiple of `to`. */
const gap = (at: number, to: number) => (to - (at % to)) % to;
const uint = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

function writer() {
  let bytes = Buffer.alloc(0);
  function add(alignment: number, ...more: Buffer[]): void {
    bytes = Buffer.concat([bytes, Buffer.alloc(gap(bytes.length, alignment)), ...more]);
  }
  function write(value: Value): void {
    if (typeof value === 'string') add(4, uint(Buffer.byteLength(value)), Buffer.from(`${value}\0`));
    else if (Array.isArray(value)) {
      const items = writer();
      for (const item of value) items.write(item);
      add(4, uint(items.bytes().length), items.bytes());
    } else add(4, uint(Number(value)));
  }
  return { add, write, bytes: () => bytes };
}

function typeOf(value: Value): string {
  if (Array.isArray(value)) return 'as';
  return typeof value === 'string' ? 's' : typeof value === 'number' ? 'u' : 'b';
}

export function encode({ type, serial, header, body }: Message): Buffer {
  const values = writer();
  for (const value of body) values.write(value);
  const fields = writer();
  for (const [name, value] of Object.entries({ ...header, signature: body.map(typeOf).join('') })) {
    const [code, kind] = FIELDS[name as Field];
    fields.add(8, Buffer.from(`${String.fromCharCode(code, 1)}${kind}\0`));
    if (kind === 'g') fields.add(1, Buffer.from(`${String.fromCharCode(String(value).length)}${value}\0`));
    else fields.write(value);
  }
  const head = [Buffer.from([LITTLE, type, 0, VERSION]), uint(values.bytes().length), uint(serial)];
  const before = Buffer.concat([...head, uint(fields.bytes().length), fields.bytes()]);
  return Buffer.concat([before, Buffer.alloc(gap(before.length, 8)), values.bytes()]);
}

/** The first message of `bytes` and how many they are of it; undefined where it is not there yet. Of its body the leading strings and numbers. */
export function decode(bytes: Buffer): (Message & { length: number }) | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const fieldsEnd = HEAD_BYTES + bytes.readUInt32LE(12);
  const bodyAt = fieldsEnd + gap(fieldsEnd, 8);
  const length = bodyAt + bytes.readUInt32LE(4);
  if (bytes.length < length) return undefined;
  let at = HEAD_BYTES;
  function number(): number {
    at += gap(at, 4) + 4;
    return bytes.readUInt32LE(at - 4);
  }
  function text(size: number): string {
    at += size + 1;
    return bytes.toString('utf8', at - size - 1, at - 1);
  }
  const header: Header = {};
  while (at < fieldsEnd) {
    at += gap(at, 8);
    const name = NAMES.get(bytes[at]!);
    const kind = String.fromCharCode(bytes[at + 2]!);
    at += 4;
    const value = kind === 'u' ? number() : text(kind === 'g' ? bytes[at++]! : number());
    if (name) header[name] = value;
  }
  at = bodyAt;
  const body: Value[] = [];
  for (const kind of String(header.signature ?? '')) {
    if (kind !== 's' && kind !== 'u') break;
    body.push(kind === 'u' ? number() : text(number()));
  }
  return { type: bytes[1]!, serial: bytes.readUInt32LE(8), header, body, length };
}

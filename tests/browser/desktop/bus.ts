/** A session bus of D-Bus with one service on it. Whoever connects is taken at their word. */

import { createServer, type Socket } from 'node:net';
import { CALL, decode, ERROR, encode, type Message, REPLY, SIGNAL, type Value } from './message.ts';

const BUS = 'org.freedesktop.DBus';
const SERVICE = ':1.0';
const RUNNING = 2;

export interface Service {
  name: string;
  path: string;
  /** Answers a call. */
  answer(member: string, body: Value[]): Value[];
}

export type Bus = Awaited<ReturnType<typeof startBus>>;

/** On the socket `path`. */
export async function startBus(path: string, service: Service) {
  const sockets = new Set<Socket>();
  let serial = 0;
  let names = 0;

  /** What the bus itself is asked; undefined where nobody of that name is there. */
  function own(member: string, [name]: Value[]): Value[] | undefined {
    const here = name === service.name;
    switch (member) {
      case 'Hello':
        return [`:1.${++names}`];
      case 'ListNames':
      case 'ListActivatableNames':
        return [[service.name]];
      case 'NameHasOwner':
        return [here];
      case 'GetNameOwner':
        return here ? [SERVICE] : undefined;
      case 'StartServiceByName':
        return here ? [RUNNING] : undefined;
      case 'AddMatch':
      case 'RemoveMatch':
        return [];
    }
    return undefined;
  }
  function reply({ header, serial: replyTo, body }: Message): Buffer {
    const member = String(header.member);
    const ours = header.destination === BUS;
    const sender = ours ? BUS : SERVICE;
    const values = ours
      ? own(member, body)
      : header.destination === service.name
        ? service.answer(member, body)
        : undefined;
    serial++;
    if (values) return encode({ type: REPLY, serial, header: { replyTo, sender }, body: values });
    const error = `${BUS}.Error.ServiceUnknown`;
    return encode({ type: ERROR, serial, header: { error, replyTo, sender: BUS }, body: ['Nobody is here.'] });
  }
  function serve(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    let begun = false;
    /** The lines that come before the messages. */
    function greet(): void {
      for (let end = bytes.indexOf('\r\n'); !begun && end >= 0; end = bytes.indexOf('\r\n')) {
        const line = bytes.toString('latin1', 0, end);
        bytes = bytes.subarray(end + 2);
        begun = line === 'BEGIN';
        if (!begun) socket.write(line.includes('AUTH EXTERNAL') ? `OK ${'0'.repeat(32)}\r\n` : 'ERROR\r\n');
      }
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (!begun) greet();
      for (let message = begun && decode(bytes); message; message = decode(bytes)) {
        bytes = bytes.subarray(message.length);
        if (message.type === CALL) socket.write(reply(message));
      }
    });
  }
  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));

  return {
    /** As `DBUS_SESSION_BUS_ADDRESS` says it. */
    address: `unix:path=${path}`,
    /** The service tells everybody. */
    signal(member: string, ...body: Value[]): void {
      const header = { path: service.path, interface: service.name, member, sender: SERVICE };
      for (const socket of sockets) socket.write(encode({ type: SIGNAL, serial: ++serial, header, body }));
    },
    async stop(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

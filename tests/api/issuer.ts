/** An identity provider: signs tokens, and tells its public keys on loopback while it is up. */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Algorithm = 'RS256' | 'ES256';
type Key = Awaited<ReturnType<typeof newKey>>;

async function newKey(alg: Algorithm) {
  const pair = await generateKeyPair(alg, { extractable: true });
  const kid = crypto.randomUUID();
  return { alg, kid, privateKey: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } };
}

export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;

export async function startIssuer() {
  let keys: Key[] = [await newKey('RS256'), await newKey('ES256')];
  let mood: 'up' | 'broken' | 'silent' | 'nonsense' | 'elsewhere' = 'up';
  let asked = 0;
  const hanging: ServerResponse[] = [];
  const server = createServer((_, response) => {
    asked += 1;
    const body = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
    if (mood === 'silent') return void hanging.push(response);
    if (mood === 'broken') return response.writeHead(500).end();
    if (mood === 'nonsense') return response.writeHead(200).end('<html>');
    if (mood === 'elsewhere') return response.writeHead(302, { location: '/' }).end();
    return response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    keys: () => keys,
    /** How often the keys were asked for. */
    asked: () => asked,
    feel(next: typeof mood) {
      mood = next;
    },
    /** Takes back all keys and tells new ones. */
    async rotate() {
      keys = [await newKey('RS256'), await newKey('ES256')];
    },
    /** A token of the newest key of that kind, or of `key`. */
    sign(claims: JWTPayload, alg: Algorithm = 'RS256', key = keys.find((each) => each.alg === alg)!): Promise<string> {
      return new SignJWT({ exp: inAnHour(), ...claims })
        .setProtectedHeader({ alg: key.alg, kid: key.kid })
        .sign(key.privateKey);
    },
    async stop() {
      for (const response of hanging) response.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

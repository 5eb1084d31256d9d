import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const RESUME = 'mpu_';
const GRANT = 'mpg_';
const API_KEY = 'mpk_';

/** Cryptographic random bytes; a parameter of the server's core. */
export type Random = (bytes: number) => Uint8Array;

/** What is stored of a token: its SHA-256. Tokens are 256 bits of entropy, so a slow hash would add nothing. */
export const hashToken = (token: string): Uint8Array => createHash('sha256').update(token).digest();

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

/** The resume token of one session, always the same for the same generation, so that it can be issued again. */
export function resumeToken(secret: string, sessionId: string, generation: number): string {
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  const mac = createHmac('sha256', secret).update('resume').update(id).update(String(generation)).digest();
  return RESUME + Buffer.concat([id, mac]).toString('base64url');
}

/** The session that a resume token speaks of; undefined where it cannot be one. Says nothing of its validity. */
export function sessionOf(token: string): string | undefined {
  const bytes = token.startsWith(RESUME) ? Buffer.from(token.slice(RESUME.length), 'base64url') : Buffer.alloc(0);
  if (bytes.length !== 48) return undefined;
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const newGrant = (random: Random): string => GRANT + Buffer.from(random(32)).toString('base64url');
export const newApiKey = (random: Random): string => API_KEY + Buffer.from(random(32)).toString('base64url');
export const isResumeToken = (credential: string): boolean => credential.startsWith(RESUME);
export const isApiKey = (credential: string): boolean => credential.startsWith(API_KEY);
export const isGrant = (credential: string): boolean => credential.startsWith(GRANT);

/** A version 4 UUID (RFC 9562). */
export function newId(random: Random): string {
  const bytes = Buffer.from(random(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

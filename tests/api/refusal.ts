/** Calls as nobody should make them, and the proof that they are refused as they should be. */

import { expect } from 'bun:test';
import { ERRORS, type ErrorCode } from '../../server/contract/errors.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import type { Place } from './place.ts';

export const FILE = { filename: 'film.bin', fileSize: 1500, contentType: 'video/mp4' };
export const JSON_TYPE = { 'content-type': 'application/json', 'x-api-key': 'dev' };

/** The code, once the answer is proven to be a refusal in our envelope. */
export async function refusal(response: Response): Promise<[number, ErrorCode]> {
  const text = await response.text();
  expect(response.headers.get('content-type')).toContain('application/json');
  const { success, error, message } = JSON.parse(text);
  expect([success, typeof message, text.includes('    at ')]).toEqual([false, 'string', false]);
  expect(response.status).toBe(ERRORS[error as ErrorCode]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  return [response.status, error];
}

/** POSTs to a path of the server, and to one of its calls. */
export function sender(at: () => Place) {
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(at().server.url + path, { method: 'POST', headers: JSON_TYPE, ...init });
  const code = async (name: string, body: object, headers = {}) =>
    refusal(await send(`${BASE_PATH}/${name}`, { body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } }));
  return { send, code };
}

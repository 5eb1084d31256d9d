import { checksumField } from '../body/digests.ts';
import { expectationOf } from '../body/expectation.ts';
import { type Receipt, receive } from '../body/reception.ts';
import { openSpool } from '../disk/spool.ts';
import { refusalOf } from '../errors.ts';
import type { Exchange } from '../exchange.ts';

/**
 * Brings the body of a request into a new file, safe on the disk and proven, then runs `keep`, which makes it visible.
 * Where the request is refused the file is removed, and nothing has happened.
 */
export async function storeBody(
  exchange: Exchange,
  path: string,
  keep: (receipt: Receipt) => Promise<void>,
): Promise<Receipt> {
  const expected = expectationOf(exchange);
  const spool = await openSpool(path, expected.length);
  let finished = false;
  try {
    const receipt = await receive(exchange, spool.write, expected);
    await spool.finish();
    finished = true;
    await keep(receipt);
    return receipt;
  } catch (error) {
    // A failure that is no refusal may have come after the file was given its place; the next start knows.
    if (!finished || refusalOf(error).code !== 'InternalError') await spool.discard();
    throw error;
  }
}

/** What a stored body is answered with. */
export function storedResponse({ md5, checksum }: Receipt, extra: Record<string, string> = {}): Response {
  const headers: Record<string, string> = { etag: `"${md5}"`, ...extra };
  if (checksum) headers[checksumField(checksum.algorithm)] = checksum.value;
  return new Response(null, { headers });
}

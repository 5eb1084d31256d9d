import { createHash } from 'node:crypto';
import { same, sha256Hex } from '../../../signature/signer.ts';
import { BucketError } from '../errors.ts';
import type { Verified } from './verification.ts';

/** Follows a body that is signed frame by frame, each signature over the one before it. */
export interface FrameCheck {
  data(bytes: Uint8Array): void;
  /** Throws SignatureDoesNotMatch where the data since the last call is not what was signed. */
  frame(signature: string | undefined): void;
  trailer(lines: [name: string, value: string][], signature: string | undefined): void;
}

/** Source: AWS, "Signature calculations for the authorization header: transferring payload in multiple chunks". */
export function frameCheck({ signer, date, signature: seed }: Verified): FrameCheck {
  let previous = seed;
  let hash = createHash('sha256');
  const empty = sha256Hex('');

  function check(kind: string, hashes: string[], given: string | undefined): void {
    const wanted = signer.sign([`AWS4-HMAC-SHA256-${kind}`, date, signer.scope, previous, ...hashes].join('\n'));
    if (!same(given ?? '', wanted))
      throw new BucketError('SignatureDoesNotMatch', 'The signature of a chunk does not match.');
    previous = wanted;
  }

  return {
    data: (bytes) => hash.update(bytes),
    frame(signature) {
      check('PAYLOAD', [empty, hash.digest('hex')], signature);
      hash = createHash('sha256');
    },
    trailer(lines, signature) {
      check('TRAILER', [sha256Hex(lines.map(([name, value]) => `${name}:${value}\n`).join(''))], signature);
    },
  };
}

import { UploadError } from '../contract/errors.ts';
import { tellRequest } from '../log/request.ts';
import { credentialOf } from '../session/caller.ts';
import { hashToken } from '../token.ts';
import { nameOf, type Range, senderOf } from './address.ts';
import { openMeter } from './meter.ts';

/** Requests a minute; 0 is no limit. */
export interface Rates {
  /** Of one credential or resume token. */
  credential: number;
  /** Of one address, or of a /64 of IPv6. */
  address: number;
  /** Whose `X-Forwarded-For` is believed. */
  trustedProxies: Range[];
}

const WHOSE = { credential: 'with this credential', address: 'from this address' };

export interface Gate {
  /**
   * Counts a request from `remote`, undefined where nobody knows, before anything of it is read but its headers.
   * Throws `RATE_LIMITED`.
   */
  enter(headers: Headers, remote: string | undefined, now: Date): void;
  /** Counts a use of a resume token, which comes with the body, before it is looked up. Throws `RATE_LIMITED`. */
  show(token: string, now: Date): void;
}

/** Counts the requests of this server. What it lets through may still be refused for who it is. */
export function openGate({ credential, address, trustedProxies }: Rates): Gate {
  const credentials = credential ? openMeter(credential) : undefined;
  const addresses = address ? openMeter(address) : undefined;

  const ask = (meter: typeof addresses, name: string, now: Date, limit: keyof typeof WHOSE) => {
    const waitMs = meter?.ask(name, now.getTime());
    if (!waitMs) return;
    tellRequest({ limit });
    const retryAfter = Math.ceil(waitMs / 1000);
    throw new UploadError('RATE_LIMITED', `Too many requests ${WHOSE[limit]}; ask again in ${retryAfter} s.`, {
      retryAfter,
    });
  };
  // By its hash as it was sent: nobody can spend what is another's without knowing the other's credential.
  const askFor = (token: string, now: Date) => {
    if (credentials) ask(credentials, Buffer.from(hashToken(token)).toString('base64'), now, 'credential');
  };

  return {
    enter(headers, remote, now) {
      const sender = senderOf(remote, headers.get('x-forwarded-for'), trustedProxies);
      const address = sender && nameOf(sender);
      tellRequest({ address });
      if (address) ask(addresses, address, now, 'address');
      const token = credentialOf(headers);
      if (token) askFor(token, now);
    },
    show: askFor,
  };
}

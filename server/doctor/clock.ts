import type { Answer } from '../bucket/answer.ts';
import { type Finding, fault, note, ok } from './finding.ts';

const CHECK = 'clock';
/** Seconds; a Date header has whole ones, and the way there and back takes some. */
const CLOSE = 5;
/** Seconds: part URLs live for 15 minutes, and a third of that is more than a clock should take. */
const TOLERABLE = 300;

const CURE = {
  todo: 'Set the clock of whichever machine is wrong and keep it by NTP: S3 refuses what is signed 15 minutes off.',
  paste: [{ where: 'a shell, on the machine of this server', text: 'timedatectl set-ntp true && timedatectl status' }],
};

/** Compares our clock with the store's, by any answer. */
export function clock({ code, headers, at }: Answer): Finding {
  const theirs = Date.parse(headers.date ?? '');
  const ahead = Math.round((theirs - at) / 1000);
  const apart = `The store's clock is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
  if (code === 'RequestTimeTooSkewed')
    return fault(
      CHECK,
      Math.abs(ahead) > TOLERABLE
        ? `${apart}; it refuses every request (${code}).`
        : `The store's clock and this machine's are more than 15 minutes apart; it refuses every request (${code}).`,
      CURE,
    );
  if (Number.isNaN(theirs)) return note(CHECK, 'The store does not tell its time.');
  if (Math.abs(ahead) <= CLOSE) return ok(CHECK, 'The store has the same time.');
  if (Math.abs(ahead) <= TOLERABLE) return note(CHECK, `${apart}.`, CURE);
  return fault(CHECK, `${apart}: part URLs, which live for 15 minutes, are refused too early or at once.`, CURE);
}

const span = (seconds: number): string =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;

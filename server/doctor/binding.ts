import { type Answer, succeeded } from '../bucket/answer.ts';
import { type Finding, fault, note, ok, told } from './finding.ts';

/** Whether other bytes than those signed for by Content-MD5 are refused; undefined where nothing is signed so. */
export function digest(answer: Answer | undefined): Finding {
  const check = 'digest';
  if (!answer)
    return note(
      check,
      'PART_DIGEST=none: part URLs are not bound to their bytes; damage is found at the end, if at all.',
    );
  if (answer.status === 400) return ok(check, `Other bytes than the signed Content-MD5 are refused (${told(answer)}).`);
  if (succeeded(answer))
    return fault(
      check,
      'Content-MD5 is signed but not enforced: damaged or replayed parts are stored, and found at the end at best.',
      {
        todo: 'Take away the proxy that drops Content-MD5, or use a store that enforces it; to accept this, bind nothing.',
        paste: [{ where: 'the environment', text: 'PART_DIGEST=none' }],
      },
    );
  return fault(
    check,
    `A part with another Content-MD5 than its bytes gets ${told(answer)} in place of 400 BadDigest.`,
    {
      todo: 'The log of the store has the cause.',
    },
  );
}

/** Whether another length than the one signed for is refused. */
export function length(answer: Answer): Finding {
  const check = 'length';
  if (answer.status === 403 || answer.status === 400)
    return ok(check, `Another length than the signed one is refused (${told(answer)}).`);
  if (succeeded(answer))
    return fault(
      check,
      'Content-Length is signed but not enforced: a page can store more than it asked for, until Complete finds it out.',
      { todo: 'Take away the proxy that rewrites Content-Length, or use a store that verifies every signed header.' },
    );
  return fault(check, `A part of another length than the signed one gets ${told(answer)} in place of 403.`, {
    todo: 'The log of the store has the cause.',
  });
}

/** Whether a page can read why it was refused; undefined where it is refused by nothing. */
export function refusalRead(answer: Answer): Finding | undefined {
  if (answer.status !== 403) return undefined;
  return answer.headers['access-control-allow-origin']
    ? ok('cors', 'Pages can read a refusal (403), too.')
    : note('cors', 'A refusal (403) has no CORS headers: pages see a failed request, and ask for a new URL. Harmless.');
}

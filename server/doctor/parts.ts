import { type Answer, succeeded } from '../bucket/answer.ts';
import type { Finished } from '../bucket/bucket.ts';
import { type Finding, fault, note, ok, told } from './finding.ts';
import { type Subject, settings } from './subject.ts';

/** What the finished object is verified by: `expected` is the MD5 of its parts' MD5s. */
export function etag({ partDigest }: Subject, { etag, md5Etag }: Finished, expected: string): Finding {
  const check = 'etag';
  if (etag === expected)
    return ok(check, 'ETags are the MD5 of the parts’ MD5s: uploads are verified by them (verifiedBy "etag").');
  if (!md5Etag)
    return note(
      check,
      `The bucket encrypts, so ETags are no MD5s: uploads are verified by ${
        partDigest ? 'the digests of their parts (verifiedBy "parts")' : 'their size alone (verifiedBy "size")'
      }.`,
    );
  return fault(check, 'ETags are not the MD5 of the parts’ MD5s: every upload would end in DIGEST_MISMATCH.', {
    todo: 'Take away the proxy or gateway that changes objects or ETags on their way into this bucket, or use another store.',
  });
}

/** Whether the answer to Complete tells the ETag. */
export const completion = (complete: Answer<string>): Finding =>
  complete.result
    ? ok('complete', 'The answer to Complete tells the ETag.')
    : note('complete', 'The answer to Complete has an empty ETag: harmless, the server asks by HEAD.');

/** What became of putting parts of these sizes together; undefined where there was no need. */
export interface Shapes {
  /** The profile's smallest part, a larger one, a last one. */
  uneven: Answer;
  /** The smallest twice, a last one. */
  even?: Answer | undefined;
  /** One below the smallest, a last one. */
  small?: Answer | undefined;
}

/** Whether the profile fits what the store demands of parts. */
export function shapes(subject: Subject, { uneven, even, small }: Shapes): Finding[] {
  const { profile } = subject.store;
  const check = 'parts';
  const name = settings(subject);
  const smallest = bytes(profile.smallestPart);
  if (!succeeded(uneven) && !(even && succeeded(even)))
    return [
      fault(
        check,
        `Parts of ${smallest}, which the profile ${profile.name} allows, are refused (${told(even ?? uneven)}).`,
        {
          todo: `Set ${name}SMALLEST_PART to what the store demands, or take it away: it is ${5 * 2 ** 20} then.`,
        },
      ),
    ];
  const findings = [
    succeeded(uneven)
      ? ok(
          check,
          `Parts of any size are taken; the profile ${profile.name} cuts ${profile.equalParts ? 'equal ones' : 'them so'}.`,
        )
      : profile.equalParts
        ? ok(check, `All parts but the last must be equal (${told(uneven)}); the profile ${profile.name} cuts them so.`)
        : fault(
            check,
            `All parts but the last must be equal (${told(uneven)}); the profile ${profile.name} does not cut them so.`,
            {
              todo: 'Name a profile with equal parts.',
              paste: [{ where: 'the environment', text: `${name}PROFILE=generic` }],
            },
          ),
  ];
  if (small)
    findings.push(
      succeeded(small)
        ? note(
            check,
            `Parts below ${smallest} are taken, too: the profile ${profile.name} asks for more than this store does.`,
          )
        : ok(check, `Parts below ${smallest} are refused (${told(small)}), as the profile ${profile.name} has it.`),
    );
  return findings;
}

/** What the store lists of an upload that was aborted. */
export function remains(listing: Answer<unknown[]>): Finding {
  const check = 'abort';
  if (succeeded(listing) && listing.result?.length)
    return note(check, 'Parts are still listed right after an abort: the server repeats it until none is.');
  return ok(check, `An aborted upload is gone (${succeeded(listing) ? 'no part is listed' : told(listing)}).`);
}

const bytes = (size: number): string =>
  size % 2 ** 20 === 0 ? `${size / 2 ** 20} MiB` : size % 2 ** 10 === 0 ? `${size / 2 ** 10} KiB` : `${size} bytes`;

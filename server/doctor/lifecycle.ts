import { type Answer, succeeded } from '../bucket/answer.ts';
import type { LifecycleRule } from '../bucket/probe.ts';
import { type Finding, fault, note, ok, quoted, told } from './finding.ts';
import { awsOptions, type Subject } from './subject.ts';

const CHECK = 'lifecycle';
const DAY = 86_400;

/** Whether a rule of the bucket would take away what is still on its way. */
export function lifecycle(subject: Subject, answer: Answer<LifecycleRule[]>): Finding[] {
  if (answer.status === 401 || answer.status === 403)
    return [note(CHECK, `The rules may not be read (${told(answer)}; s3:GetLifecycleConfiguration): not checked.`)];
  if (!succeeded(answer) && answer.status !== 404)
    return [note(CHECK, `The rules cannot be read (${told(answer)}): not checked.`)];
  const rules = (answer.result ?? []).filter((rule) => rule.enabled && overlap(rule.prefix, subject.keyPrefix));
  const findings = rules.flatMap((rule) => [...aborting(subject, rule), ...expiring(subject, rule)]);
  if (findings.length) return findings;
  return [ok(CHECK, `No rule touches ${subject.keyPrefix}*; the server's janitor frees what is abandoned.`)];
}

/** No rule at all: the doctor may try one, and leave nothing. */
export const untouched = (answer: Answer<LifecycleRule[]>): boolean =>
  answer.code === 'NoSuchLifecycleConfiguration' || (succeeded(answer) && !answer.result?.length);

function aborting(subject: Subject, { id, abortDays }: LifecycleRule): Finding[] {
  if (abortDays === undefined) return [];
  const session = subject.store.profile.sessionSeconds / DAY;
  const does = `The rule ${JSON.stringify(id)} aborts uploads after ${days(abortDays)}`;
  if (abortDays >= session)
    return [ok(CHECK, `${does}; a session lives ${days(session)}, and the janitor needs no rule.`)];
  const rule = {
    ID: id,
    Status: 'Enabled',
    Filter: { Prefix: subject.keyPrefix },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: Math.ceil(session) + 1 },
  };
  return [
    fault(CHECK, `${does}, but a session lives ${days(session)}: a slow or paused upload loses its parts.`, {
      todo: `Let it wait ${days(Math.ceil(session) + 1)}, or take it away, as the server's janitor needs no rule; all rules are replaced at once, so add the others.`,
      paste: [
        {
          where: 'a shell',
          text: `aws s3api put-bucket-lifecycle-configuration ${awsOptions(subject)} --lifecycle-configuration ${quoted(JSON.stringify({ Rules: [rule] }))}`,
        },
      ],
    }),
  ];
}

const expiring = ({ keyPrefix }: Subject, { id, expireDays }: LifecycleRule): Finding[] =>
  expireDays === undefined
    ? []
    : [
        note(
          CHECK,
          `The rule ${JSON.stringify(id)} deletes finished objects under ${keyPrefix} after ${days(expireDays)}.`,
        ),
      ];

/** What became of a rule that was put, read back and taken away. */
export interface Trial {
  id: string;
  put: Answer;
  read?: Answer<LifecycleRule[]> | undefined;
  /** Undefined where it was left, because deleting takes away all rules. */
  removed?: Answer | undefined;
}

/** Whether the store keeps a rule that aborts incomplete uploads. */
export function trial({ id, put, read, removed }: Trial): Finding[] {
  if (!succeeded(put))
    return [note(CHECK, `The store takes no lifecycle rule (${told(put)}); the janitor needs none.`)];
  const kept = read?.result?.some((rule) => rule.id === id && rule.abortDays !== undefined);
  const findings = [
    kept
      ? ok(CHECK, 'The store keeps a rule that aborts incomplete uploads (tried, and taken away again).')
      : note(
          CHECK,
          'The store says yes to a rule that aborts incomplete uploads, and drops it; the janitor needs none.',
        ),
  ];
  if (!removed || !succeeded(removed))
    findings.push(
      fault(
        CHECK,
        `The rule ${JSON.stringify(id)}, made to try, is still there (${removed ? told(removed) : 'another came meanwhile'}).`,
        {
          todo: 'Take it away by hand; it is for keys of the doctor alone.',
        },
      ),
    );
  return findings;
}

const overlap = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);
const days = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`;

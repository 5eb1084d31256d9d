import { randomBytes } from 'node:crypto';
import { type Answer, succeeded } from '../bucket/answer.ts';
import type { Upload } from '../bucket/bucket.ts';
import { type Crossing, openCrossing } from '../bucket/crossing.ts';
import { openProbe, type Probe } from '../bucket/probe.ts';
import { multipartEtag } from '../session/verify.ts';
import { tryShapes } from './assembly.ts';
import * as binding from './binding.ts';
import { clock } from './clock.ts';
import { cors, DIGEST_HEADER, SINGLE_HEADERS, type Visit } from './cors.ts';
import { type Finding, fault } from './finding.ts';
import * as lifecycle from './lifecycle.ts';
import * as parts from './parts.ts';
import { type Call, permission } from './permissions.ts';
import { reach } from './reach.ts';
import type { Room } from './room.ts';
import { single, trySingle } from './single.ts';
import { type Bytes, bytesOf, HEADERS, md5, SIZE } from './specimen.ts';
import type { Subject } from './subject.ts';
import { sweep } from './sweep.ts';

/**
 * Checks one bucket as the server and as a browser. What it writes lies under `KEY_PREFIX` and `doctor-…`, and is gone
 * when it resolves, or is named in a finding. Rejects only with the reason of `signal`, after the same clearing.
 */
export async function examine(subject: Subject, signal: AbortSignal, tryLifecycle = false): Promise<Finding[]> {
  const { store, keyPrefix } = subject;
  const room: Room = {
    subject,
    probe: openProbe(store, signal),
    crossing: openCrossing(store, signal),
    prefix: `${keyPrefix}doctor-${randomBytes(9).toString('base64url')}/`,
  };
  // What is to be cleared away is so even when nothing more is to be asked.
  const broom = openProbe(store, new AbortController().signal);
  const findings: Finding[] = [];
  try {
    const first = await room.probe.listUploads(room.prefix);
    const { finding, goOn } = reach(subject, first);
    const time = clock(first);
    if (first.code === 'RequestTimeTooSkewed') return [time];
    findings.push(finding);
    if (!goOn) return findings;
    findings.push(time, permission(subject, 'ListMultipartUploads', first));
    await send(room, findings);
    findings.push(...lifecycle.lifecycle(subject, await room.probe.lifecycle()));
    if (tryLifecycle) findings.push(...(await tryRule(room, broom)));
  } finally {
    const left = await sweep(broom, room.probe.traces, room.prefix);
    if (left.length)
      findings.push(
        fault('clearing', `These could not be removed: ${left.join(', ')}.`, {
          todo: 'Remove them by hand; the doctor made them.',
        }),
      );
    for (const open of [room.probe, room.crossing, broom]) open.close();
  }
  return findings;
}

/** Everything that needs an upload. */
async function send(room: Room, findings: Finding[]): Promise<void> {
  const { subject, probe, crossing, prefix } = room;
  const later: Finding[] = [];
  /** Whether the call went as it should. */
  const judge = (...told: [Call, Answer, boolean?]): boolean => {
    const finding = permission(subject, ...told);
    findings.push(finding);
    return finding.level === 'ok';
  };

  const key = `${prefix}part`;
  const created = await probe.createUpload(key, HEADERS);
  if (!judge('CreateMultipartUpload', created, created.result !== undefined)) return;
  const upload = created.result!;
  const body = bytesOf(SIZE);
  const bound = { partNumber: 1, size: SIZE, ...(subject.partDigest && { digest: md5(body) }) };
  const sent = judge('UploadPart', await crossing.putPart(upload, bound, body));
  if (sent) later.push(...(await misuse(room, upload, body)));
  if (sent && subject.partDigest) later.push(single(await trySingle(room, body)));
  const visits = await visit(room, upload, sent ? bound : undefined, body);
  const listed = await probe.listParts(upload);
  judge('ListParts', listed);
  const stored = [{ partNumber: 1, etag: md5(body, 'hex') }];
  const first = listed.result?.filter(({ partNumber }) => partNumber === 1) ?? stored;
  const completed = sent ? await probe.completeUpload(upload, first) : undefined;
  let fleeting = completed !== undefined && judge('CompleteMultipartUpload', completed);
  if (completed && fleeting) {
    later.push(parts.completion(completed));
    const head = await probe.headObject(key);
    judge('HeadObject', head);
    if (head.result) later.push(parts.etag(subject, head.result, multipartEtag(stored)!));
    const missing = await probe.headObject(`${prefix}missing`);
    judge('HeadObject of a missing one', missing, missing.status === 404);
    if (judge('GetObject', await crossing.getObject(key)))
      for (const seen of visits) if (seen.put) seen.get = await crossing.getObject(key, seen.origin);
    fleeting = judge('DeleteObject', await probe.deleteObject(key));
  }
  const { result: other } = await probe.createUpload(`${prefix}aborted`, HEADERS);
  if (other) {
    if (sent) await crossing.putPart(other, { partNumber: 1, size: SIZE }, body);
    if (judge('AbortMultipartUpload', await probe.abortUpload(other)))
      later.push(parts.remains(await probe.listParts(other)));
    else fleeting = false;
  }
  // Megabytes: only where they can be taken away again.
  if (fleeting) later.push(...parts.shapes(subject, await tryShapes(room)));
  findings.push(...later, ...visits.flatMap((seen) => cors(subject, seen)));
}

/** What must be refused, as a part that is not in the object. */
async function misuse({ subject, crossing }: Room, upload: Upload, body: Bytes): Promise<Finding[]> {
  const other = bytesOf(SIZE, 1);
  const [origin] = subject.origins;
  const wrong = subject.partDigest
    ? await crossing.putPart(upload, { partNumber: 2, size: SIZE, digest: md5(body) }, other, origin)
    : undefined;
  const short = await crossing.putPart(upload, { partNumber: 2, size: SIZE }, body.slice(1), origin);
  const read = origin && binding.refusalRead(short);
  return [binding.digest(wrong), binding.length(short), ...(read ? [read] : [])];
}

/** As a page of each origin: what a browser asks first, then the PUT, if there is anything to send. */
async function visit(
  { subject, crossing }: Room,
  upload: Upload,
  bound: Parameters<Crossing['putPart']>[1] | undefined,
  body: Bytes,
): Promise<Visit[]> {
  const headers = subject.partDigest ? [DIGEST_HEADER] : [];
  const visits: Visit[] = [];
  for (const origin of subject.origins) {
    const ask = (headers: string[]) => crossing.preflight(upload.key, origin, 'PUT', headers);
    const preflight = await ask(headers);
    if (!succeeded(preflight)) {
      visits.push({ origin, preflight, bare: await ask([]) });
      continue;
    }
    const single = subject.partDigest ? await ask(SINGLE_HEADERS) : undefined;
    const each: Visit['each'] = [];
    if (single && !succeeded(single))
      for (const header of SINGLE_HEADERS) each.push({ header, answer: await ask([header]) });
    const typed = single ? undefined : await ask(['content-type']);
    visits.push({
      origin,
      preflight,
      typed,
      single,
      each,
      put: bound && (await crossing.putPart(upload, bound, body, origin)),
    });
  }
  return visits;
}

/** Only where the bucket has no rule of its own, and only one that is for nothing but our own keys. */
async function tryRule({ probe, prefix }: Room, broom: Probe): Promise<Finding[]> {
  if (!lifecycle.untouched(await probe.lifecycle())) return [];
  const id = 'partway-doctor';
  const put = await broom.putLifecycle(id, prefix, 7);
  if (!succeeded(put)) return lifecycle.trial({ id, put });
  const read = await broom.lifecycle();
  // Whoever has made another rule meanwhile keeps it.
  const alone = !read.result?.some((rule) => rule.id !== id);
  return lifecycle.trial({ id, put, read, removed: alone ? await broom.deleteLifecycle() : undefined });
}

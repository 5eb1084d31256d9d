import { type Answer, succeeded } from '../bucket/answer.ts';
import type { Finished } from '../bucket/bucket.ts';
import { type Finding, fault, ok, told } from './finding.ts';
import type { Room } from './room.ts';
import { type Bytes, bytesOf, HEADERS, md5, SIZE } from './specimen.ts';

/** What became of PUTs to the URL of one whole object. */
interface Trial {
  /** Other bytes, and fewer, than were signed for. */
  wrong: Answer;
  short: Answer;
  put: Answer;
  head: Answer<Finished> | undefined;
  /** The MD5 of its bytes in hex. */
  digest: string;
}

/** Sends a file of one part as pages do where its digest is known. */
export async function trySingle({ subject, probe, crossing, prefix }: Room, body: Bytes): Promise<Trial> {
  const key = `${prefix}single`;
  probe.traces.keys.add(key);
  const [origin] = subject.origins;
  const send = async (bytes: Bytes): Promise<Answer> => {
    const answer = await crossing.putObject(key, { size: SIZE, digest: md5(body), headers: HEADERS }, bytes, origin);
    const version = answer.headers['x-amz-version-id'];
    if (version && version !== 'null') probe.traces.versions.push({ key, version });
    return answer;
  };
  const [wrong, short, put] = [await send(bytesOf(SIZE, 1)), await send(body.slice(1)), await send(body)];
  return {
    wrong,
    short,
    put,
    head: succeeded(put) ? await probe.headObject(key) : undefined,
    digest: md5(body, 'hex'),
  };
}

const UNBOUND = { where: 'the environment', text: 'PART_DIGEST=none' };

/** Whether files of one part can be sent by a single PUT, and what comes of it be trusted. */
export function single({ wrong, short, put, head, digest }: Trial): Finding {
  const check = 'single';
  if (!succeeded(put))
    return fault(check, `A single PUT, bound to length, digest and metadata, is refused (${told(put)}).`, {
      todo: 'Take away the proxy that changes or adds headers; the log of the store has the cause. Until then bind nothing: all files go as multipart uploads then.',
      paste: [UNBOUND],
    });
  const taken = [succeeded(wrong) && 'other bytes', succeeded(short) && 'another length'].filter(Boolean);
  if (taken.length)
    return fault(check, `A single PUT takes ${taken.join(' and ')} than it was signed for.`, {
      todo: 'Use a store that verifies every signed header and enforces Content-MD5; to accept this, bind nothing.',
      paste: [UNBOUND],
    });
  if (head?.result?.md5Etag && head.result.etag !== digest)
    return fault(check, 'The ETag of a single PUT is not the MD5 of its bytes: each would end in DIGEST_MISMATCH.', {
      todo: 'Take away the proxy or gateway that changes objects or ETags on their way into this bucket, or bind nothing.',
      paste: [UNBOUND],
    });
  return ok(check, 'Files of one part go by a single PUT, bound to their length, digest and metadata.');
}

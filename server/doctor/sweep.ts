import { succeeded } from '../bucket/answer.ts';
import type { Upload } from '../bucket/bucket.ts';
import type { Probe, Traces } from '../bucket/probe.ts';

/** A part in flight may land after an abort. */
const ATTEMPTS = 5;

/** Removes what was made under `prefix`; resolves to the keys of what is left there. */
export async function sweep(probe: Probe, { uploads, keys, versions }: Traces, prefix: string): Promise<string[]> {
  // Nothing was asked for, or the store was never reached.
  if (!keys.size) return [];
  const left = new Set<string>();
  // The answer to a creation may have been lost.
  const listed = ((await probe.listUploads(prefix)).result ?? []).filter(({ key }) => key.startsWith(prefix));
  const begun = new Map([...uploads, ...listed].map((upload) => [upload.uploadId, upload]));
  for (const upload of begun.values()) if (!(await aborted(probe, upload))) left.add(upload.key);
  for (const key of keys) if (!gone(await probe.deleteObject(key))) left.add(key);
  for (const { key, version } of [...versions, ...probe.traces.versions])
    if (!gone(await probe.deleteObject(key, version))) left.add(`${key} (version ${version})`);
  return [...left];
}

async function aborted(probe: Probe, upload: Upload): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (!gone(await probe.abortUpload(upload))) return false;
    if (!(await probe.listParts(upload)).result?.length) return true;
  }
  return false;
}

const gone = (answer: Parameters<typeof succeeded>[0]): boolean => succeeded(answer) || answer.status === 404;

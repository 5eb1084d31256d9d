import type { BatchAnswer } from '../server/contract/wire.ts';
import { answerOf, post } from '../sw/api.ts';
import type { UploadRecord } from '../sw/record.ts';
import type { Store } from '../sw/store.ts';
import { type Adopted, adoptSession } from './adopt.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Self } from './identity.ts';
import { compare, enlightened } from './sample.ts';
import type { Views } from './views.ts';

/** A smaller file is sent sooner than a pick of forty has asked for each of them. */
const WORTH_ASKING = 16 * 2 ** 20;
/** Seconds of silence: no part URL lives longer, so that nobody can be sending it. */
const IDLE_SECONDS = 15 * 60;
/** Milliseconds that the server may take; what was picked must not wait long to be safe on this device. */
const PATIENCE_MS = 3000;

/** Knows a picked file again by its content. */
export interface Recognition {
  /** The upload on this device that needs just this file; it is nobody else's until `done` is called. */
  waitingFor(file: File): Promise<{ record: UploadRecord; done(): void } | undefined>;
  /** What the picked file is known by; undefined where it has but one part, or cannot be read. */
  mark(draft: UploadRecord, file: File): Promise<string | undefined>;
  /** The user's upload of the same file, begun on another device or before this one's storage was cleared. */
  claim(draft: UploadRecord, file: File, signal: AbortSignal): Promise<Adopted | undefined>;
}

export function createRecognition(store: Store, views: Views, self: Self): Recognition {
  /** Uploads that are just being given their file. */
  const taken = new Set<string>();
  /** What was picked in this visit: two picks of the same content are two uploads. */
  const picked = new Set<string>();

  async function isFor(record: UploadRecord, file: File): Promise<boolean> {
    const verdict = await compare(record, await store.parts(record), file);
    const alike = record.name === file.name && record.lastModified === file.lastModified;
    return verdict === 'same' || (verdict === 'unproven' && alike);
  }
  return {
    async waitingFor(file) {
      for (const { id, record } of views.needing(file.size)) {
        if (taken.has(id) || !(await isFor(record, file)) || taken.has(id)) continue;
        taken.add(id);
        return { record, done: () => void taken.delete(id) };
      }
      return undefined;
    },
    mark: async ({ totalParts }, file) => (totalParts > 1 ? fingerprintOf(file).catch(() => undefined) : undefined),
    async claim(draft, file, signal) {
      const { endpoint, size, fingerprint } = draft;
      if (!fingerprint || size < WORTH_ASKING || picked.has(fingerprint)) return undefined;
      picked.add(fingerprint);
      if ((await store.uploads()).some((known) => known.fingerprint === fingerprint)) return undefined;
      const identity = await self.own();
      if (!identity) return undefined;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      try {
        const wish = { fingerprint, idleSeconds: IDLE_SECONDS };
        // In a batch, as the browser's console would complain of each 404, and most files are new.
        const call = { call: 'claim', ...wish };
        const { answers } = await post<BatchAnswer>(`${endpoint}/batch`, { calls: [call] }, identity, limit);
        const { status, ...answer } = answers[0]!;
        const { resumeToken } = answerOf<{ resumeToken: string }>(status, answer, undefined);
        const found = await adoptSession({ ...draft, resumeToken }, limit);
        const { record, parts } = found;
        // Nobody has looked: only what is proven to be of this file may become part of the object.
        if (record.state === 'open' && (!parts.length || (await compare(record, parts, file)) === 'same'))
          return { record, parts: parts.map((part) => enlightened(part, 'same')) };
      } catch {
        // There is none, it is being completed, or it cannot be asked for now: the file is begun anew.
      }
      return undefined;
    },
  };
}

import { isKeyPrefix, KEY_PREFIX_RULE } from '../config/prefix.ts';
import { UploadError } from '../contract/errors.ts';
import type { NewSession } from '../database/session.ts';
import type { Deps } from '../deps.ts';

export const METADATA_NAME = /^[A-Za-z0-9-]{1,64}$/;
export const LONGEST_METADATA = 2048;

/** Text that PostgreSQL and headers can carry: no NUL, no lone surrogate. */
export const isCarried = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/**
 * The session as the app's `beforeInit` will have it. Throws `UPLOAD_REFUSED`, or the `UploadError` that the hook threw;
 * whatever else it throws or answers is a fault of the app, named in the log.
 */
export async function heedPolicy(deps: Deps, fresh: NewSession): Promise<NewSession> {
  if (!deps.beforeInit) return fresh;
  const { userId, fileKey, filename, contentType, fileSize, metadata, provider } = fresh;
  const intent = { userId, fileKey, filename, contentType, fileSize, metadata: { ...metadata }, provider };
  const verdict = await ask(deps.beforeInit, intent);
  if (verdict === undefined || verdict === null) return fresh;
  if (typeof verdict !== 'object') throw faulty('answered neither an object nor nothing');
  if (verdict.refuse !== undefined)
    throw new UploadError('UPLOAD_REFUSED', String(verdict.refuse) || 'This upload was refused.');
  return {
    ...fresh,
    fileKey: keyUnder(verdict.keyPrefix, deps.keyPrefix, fileKey),
    metadata: merged(metadata, verdict.metadata ?? {}),
  };
}

const faulty = (what: string, cause?: unknown) => new Error(`beforeInit ${what}`, { cause });

async function ask(hook: NonNullable<Deps['beforeInit']>, intent: Parameters<typeof hook>[0]) {
  try {
    return await hook(intent);
  } catch (error) {
    if (error instanceof UploadError) throw error;
    throw faulty(`threw: ${(error as Error)?.message ?? error}`, error);
  }
}

function keyUnder(prefix: string | undefined, standard: string, fileKey: string): string {
  if (prefix === undefined) return fileKey;
  if (typeof prefix !== 'string' || !isKeyPrefix(prefix))
    throw faulty(`gave a keyPrefix that is not ${KEY_PREFIX_RULE}`);
  return prefix + fileKey.slice(standard.length);
}

/** Names of object metadata know no upper case. */
function merged(asked: Record<string, string>, given: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(given))
    if (
      !METADATA_NAME.test(name) ||
      typeof value !== 'string' ||
      !value ||
      value.length > LONGEST_METADATA ||
      !isCarried(value)
    )
      throw faulty('gave metadata that no object can carry: names are letters, digits and dashes, values are text');
  const replaced = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return {
    ...Object.fromEntries(Object.entries(asked).filter(([name]) => !replaced.has(name.toLowerCase()))),
    ...given,
  };
}

import type { Deps } from '../deps.ts';
import { patternOf, secretsIn } from './hidden.ts';
import { redact } from './redact.ts';
import { currentRequest } from './request.ts';

/** `info` tells of every request, `error` only of what goes wrong. */
export type LogLevel = 'info' | 'error';

export interface Log {
  log: Deps['log'];
  /** Makes known what must never be printed: every secret that `source` holds. */
  hide(source: unknown): void;
}

/** One line of JSON on standard error. */
const toStandardError: Deps['log'] = (event, fields) =>
  console.error(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));

/** The one way by which anything is logged: says which request it belongs to, and leaves out all that is secret. */
export function createLog(level: LogLevel, write: Deps['log'] = toStandardError): Log {
  const secrets = new Set<string>();
  let hidden: RegExp | undefined;
  return {
    log: (event, fields) => {
      if (level === 'error' && event === 'request' && Number(fields.status) < 500) return;
      const requestId = currentRequest()?.id;
      const safe = redact({ ...(requestId !== undefined && { requestId }), ...fields }, hidden);
      write(event, safe as Record<string, unknown>);
    },
    hide: (source) => {
      for (const secret of secretsIn(source)) secrets.add(secret);
      hidden = patternOf(secrets);
    },
  };
}

import { type Answer, SILENT } from '../bucket/answer.ts';

/** What one check has found. A note needs nothing done; a fault breaks uploads, or what is promised of them. */
export interface Finding {
  level: 'ok' | 'note' | 'fault';
  /** What was checked, in a word or two. */
  check: string;
  says: string;
  cure?: Cure | undefined;
}

export interface Cure {
  /** What to do, in a sentence. */
  todo: string;
  /** What to paste, and where it goes. */
  paste?: { where: string; text: string }[];
}

export const ok = (check: string, says: string): Finding => ({ level: 'ok', check, says });
export const note = (check: string, says: string, cure?: Cure): Finding => ({ level: 'note', check, says, cure });
export const fault = (check: string, says: string, cure: Cure): Finding => ({ level: 'fault', check, says, cure });

/** `403 AccessDenied`, or why there was no answer. */
export function told({ status, code: said }: Answer): string {
  // A store may say anything, to whatever shows what we print.
  const code = said?.replace(/[^\w.-]/g, '').slice(0, 60);
  if (status) return [status, code].filter(Boolean).join(' ');
  return code === SILENT ? 'no answer in time' : `no connection (${code})`;
}

/** One word of a shell's command line. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

/** What a page said while nobody looked: for the message of a failed test. */

import type { Cdp, CdpEvent } from './cdp.ts';

interface RemoteObject {
  value?: unknown;
  description?: string;
}

function text({ value, description }: RemoteObject): string {
  return typeof value === 'string' ? value : (description ?? JSON.stringify(value));
}

const READERS: Record<string, (event: CdpEvent) => string> = {
  'Runtime.consoleAPICalled'(event) {
    const { type, args } = event as unknown as { type: string; args: RemoteObject[] };
    return `${type}: ${args.map(text).join(' ')}`;
  },
  'Runtime.exceptionThrown'(event) {
    const { exceptionDetails } = event as { exceptionDetails: { text: string; exception?: RemoteObject } };
    return `${exceptionDetails.text} ${exceptionDetails.exception ? text(exceptionDetails.exception) : ''}`;
  },
  'Log.entryAdded'(event) {
    const { entry } = event as { entry: { level: string; text: string; url?: string } };
    return `${entry.level}: ${entry.text} ${entry.url ?? ''}`;
  },
};

/** Grows as the page goes on; the domains `Runtime` and `Log` must be enabled. */
export function readConsole(cdp: Cdp): string[] {
  const lines: string[] = [];
  for (const [event, read] of Object.entries(READERS)) cdp.on(event, (params) => lines.push(read(params).trim()));
  return lines;
}

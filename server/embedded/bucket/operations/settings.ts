import { receiveText } from '../body/reception.ts';
import type { Setting } from '../disk/bucket.ts';
import { BucketError } from '../errors.ts';
import type { Exchange, Operation } from '../exchange.ts';
import { corsRules } from '../http/cors.ts';
import { childrenOf, readXml, textOf } from '../xml/reader.ts';

const LARGEST = 2 ** 18;
const MOST_RULES = 1000;

/** Throws MalformedXML where the text is no lifecycle configuration. The rules are kept, not carried out. */
function checkLifecycle(text: string): void {
  const rules = childrenOf(readXml(text, 'LifecycleConfiguration'), 'Rule');
  const fit = rules.every((rule) => /^(Enabled|Disabled)$/.test(textOf(rule, 'Status') ?? ''));
  if (!rules.length || rules.length > MOST_RULES || !fit)
    throw new BucketError('MalformedXML', 'A lifecycle configuration has 1 to 1000 rules, each Enabled or Disabled.');
}

const KINDS = {
  cors: { check: corsRules, missing: 'NoSuchCORSConfiguration' },
  lifecycle: { check: checkLifecycle, missing: 'NoSuchLifecycleConfiguration' },
} as const;

/** Get, put and delete of a document that belongs to the bucket and is given back as it was sent. */
export function setting(name: Setting): { get: Operation; put: Operation; remove: Operation } {
  const { check, missing } = KINDS[name];
  return {
    async get({ bucket }: Exchange) {
      const text = bucket().setting(name);
      if (text === undefined) throw new BucketError(missing, `The bucket has no ${name} configuration.`);
      return new Response(text, { headers: { 'content-type': 'application/xml' } });
    },
    async put(exchange: Exchange) {
      const bucket = exchange.bucket();
      const text = await receiveText(exchange, LARGEST);
      check(text);
      await bucket.set(name, text);
      return new Response(null);
    },
    async remove({ bucket }: Exchange) {
      await bucket().set(name, undefined);
      return new Response(null, { status: 204 });
    },
  };
}

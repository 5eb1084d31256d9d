import { BucketError } from '../errors.ts';
import { childrenOf, type Element, readXml, textOf } from '../xml/reader.ts';

/** One rule of a bucket's CORS configuration. Origins and headers may hold one `*` each. */
export interface CorsRule {
  origins: string[];
  methods: string[];
  headers: string[];
  exposed: string[];
  /** Seconds a preflight may be remembered. */
  maxAge?: number;
}

const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);
const MOST_RULES = 100;

function ruleOf(element: Element): CorsRule {
  const list = (name: string) => childrenOf(element, name).map((child) => child.text.trim());
  const rule: CorsRule = {
    origins: list('AllowedOrigin'),
    methods: list('AllowedMethod'),
    headers: list('AllowedHeader'),
    exposed: list('ExposeHeader'),
  };
  const age = textOf(element, 'MaxAgeSeconds');
  if (age !== undefined) rule.maxAge = Number(age);
  const starred = [...rule.origins, ...rule.headers].some((pattern) => pattern.split('*').length > 2);
  const unfit = (text: string) => text.length === 0 || /[^\x21-\x7e]/.test(text);
  if (
    !rule.origins.length ||
    !rule.methods.length ||
    !Number.isInteger(rule.maxAge ?? 0) ||
    [...rule.origins, ...rule.exposed].some(unfit)
  )
    throw new BucketError('MalformedXML', 'The XML you provided does not follow the schema of a CORS configuration.');
  const unknown = rule.methods.find((method) => !METHODS.has(method));
  if (unknown !== undefined || starred)
    throw new BucketError(
      'InvalidRequest',
      unknown === undefined ? 'A pattern can have only one *.' : `Unsupported method ${unknown}.`,
    );
  return rule;
}

/** The rules of a CORSConfiguration document. Throws MalformedXML, InvalidRequest. */
export function corsRules(text: string): CorsRule[] {
  const rules = childrenOf(readXml(text, 'CORSConfiguration'), 'CORSRule');
  if (!rules.length || rules.length > MOST_RULES)
    throw new BucketError('MalformedXML', `A CORS configuration has 1 to ${MOST_RULES} rules.`);
  return rules.map(ruleOf);
}

function fits(pattern: string, text: string): boolean {
  const [head, tail] = pattern.split('*');
  if (tail === undefined) return pattern === text;
  return text.length >= head!.length + tail.length && text.startsWith(head!) && text.endsWith(tail);
}

/** What the browser asks: its origin, the method, and the lower-case names of the headers it wants to send. */
export interface CorsQuestion {
  origin: string;
  method: string;
  headers: string[];
}

/** The first rule that allows all of it. */
export function allowing(rules: CorsRule[], { origin, method, headers }: CorsQuestion): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.origins.some((pattern) => fits(pattern, origin)) &&
      rule.methods.includes(method) &&
      headers.every((name) => rule.headers.some((pattern) => fits(pattern.toLowerCase(), name))),
  );
}

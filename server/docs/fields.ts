import type { JsonSchema } from './openapi.ts';

/** One field as a person reads it. */
export interface Field {
  /** With the way to it: `partUrls[].url`. */
  name: string;
  /** How deep it lies in others; 0 at the top. */
  depth: number;
  type: string;
  limits: string;
  required: boolean;
  description: string;
}

/** The fields of an object, those of nameless objects within it after them; named ones are told apart. */
export function fieldsOf({ properties = {}, required = [] }: JsonSchema, path = '', depth = 0): Field[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const items = typeof property.items === 'object' ? property.items : undefined;
    const field = {
      name: path + key,
      depth,
      type: typeOf(property),
      limits: limitsOf(property),
      required: required.includes(key),
      description: property.description ?? '',
    };
    return [field, ...fieldsOf(items ?? property, `${field.name}${items ? '[]' : ''}.`, depth + 1)];
  });
}

/** The name of the component that a reference leads to. */
export const nameOf = ($ref: string): string => $ref.split('/').at(-1)!;

/** Words for the types of JSON, and for the formats of its texts. */
const TYPES: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'object',
  uri: 'URL',
  uuid: 'UUID',
  'date-time': 'time (ISO 8601, UTC)',
};

/** More values than these are told elsewhere. */
const MOST_VALUES = 8;

export function typeOf(schema: JsonSchema): string {
  const { type, items, prefixItems, additionalProperties, format } = schema;
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum)
    return schema.enum.length > MOST_VALUES ? 'text' : schema.enum.map((value) => `“${value}”`).join(' or ');
  if (prefixItems) return `pair of ${typeOf(prefixItems[0]!)}s`;
  if (typeof items === 'object') return `list of ${plural(typeOf(items))}`;
  if (typeof additionalProperties === 'object') return `object of ${plural(typeOf(additionalProperties))}`;
  if (Array.isArray(type)) return type.map((one) => TYPES[one] ?? one).join(' or ');
  return TYPES[format ?? ''] ?? TYPES[type ?? ''] ?? type ?? '';
}

const plural = (type: string): string =>
  type.replace(/^pair of/, 'pairs of').replace(/(text|number|object|URL)$/, '$1s');

/** The numbers of JSON itself are no limits of ours. */
const real = (limit: number | undefined): number | undefined =>
  limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit;

export function limitsOf(schema: JsonSchema): string {
  const { minLength, maxLength, minItems, maxItems, exclusiveMinimum, prefixItems } = schema;
  const [least, most] = [real(schema.minimum), real(schema.maximum)];
  return [
    exclusiveMinimum === undefined ? span(least, most) : `above ${exclusiveMinimum}, at most ${most}`,
    minLength === 1 && maxLength === undefined ? 'not empty' : span(minLength, maxLength, 'characters'),
    prefixItems ? '' : span(minItems, maxItems, 'of them'),
  ]
    .filter(Boolean)
    .join(', ');
}

const shown = (limit: number): string => limit.toLocaleString('en');

function span(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return least ? `at least ${shown(least)} ${unit}`.trim() : '';
  return `${least === undefined ? 'at most' : `${shown(least)} to`} ${shown(most)} ${unit}`.trim();
}

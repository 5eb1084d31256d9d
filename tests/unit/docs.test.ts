import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createApp } from '../../server/app.ts';
import { ERRORS } from '../../server/contract/errors.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import type { Deps } from '../../server/deps.ts';
import { CALLS, type Call } from '../../server/docs/calls.ts';
import { describeApi } from '../../server/docs/document.ts';
import { limitsOf, typeOf } from '../../server/docs/fields.ts';
import type { JsonSchema } from '../../server/docs/openapi.ts';
import { renderPage } from '../../server/docs/page.ts';
import { STYLE } from '../../server/docs/style.ts';
import { ANSWERS } from '../../server/routes/answers.ts';

const document = describeApi();
const { schemas, securitySchemes } = document.components;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);
const page = String(renderPage(document, { origin: 'https://uploads.example.com', key: 'mpk_…' }));
const codes = Object.keys(ERRORS).sort();
/** Of addresses and methods that are no call's. */
const NO_CALLS = ['METHOD_NOT_ALLOWED', 'NOT_FOUND'];

/** Everything in `value`, at any depth, that has a property of that name. */
function* having(value: unknown, name: string): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, name)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* having(inner, name);
}

describe('the document', () => {
  test('tells every call that the server has, and no other', () => {
    const served = createApp({ allowedOrigins: [] } as unknown as Deps)
      .routes.filter(({ method, path }) => method !== 'ALL' && !/[*/]$/.test(path))
      .map(({ method, path }) => `${method.toLowerCase()} ${path}`);
    expect(served.length).toBeGreaterThan(9);
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...new Set(served)].sort());
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(ANSWERS).sort() as never);
  });

  test('tells every error with its status, and which calls answer with it', () => {
    expect(document['x-errors'].map(({ code }) => code).sort()).toEqual(codes as never);
    for (const { code, statuses, remedy } of document['x-errors'])
      expect([code, statuses, remedy]).toEqual([
        code,
        expect.arrayContaining([ERRORS[code]]),
        expect.stringMatching(/\w/),
      ]);
    expect(schemas.ErrorAnswer!.properties!.error!.enum!.toSorted()).toEqual(codes);
    const told = operations.flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, response]) =>
        (response['x-errors'] ?? []).map(({ code, statuses }) => {
          expect([code, ...statuses]).toContain(Number(status));
          expect(response.description).toContain(`\`${code}\``);
          return code;
        }),
      ),
    );
    expect([...new Set([...told, ...NO_CALLS])].sort()).toEqual(codes);
  });

  test('has every field of each request, with what the route itself demands of it', () => {
    for (const [name, call] of Object.entries<Call>(CALLS)) {
      const { requestBody, parameters = [] } = operations.find(({ operationId }) => operationId === name)!;
      const shape = (call.body as { shape?: object } | undefined)?.shape ?? {};
      const { properties = {}, required = [] } = schemas[`${name[0]!.toUpperCase()}${name.slice(1)}Request`] ?? {};
      expect([name, Object.keys(properties)]).toEqual([name, Object.keys(shape)]);
      for (const field of Object.keys(shape)) {
        const missing = { ...call.example, [field]: undefined };
        expect([name, field, required.includes(field)]).toEqual([name, field, !call.body!.safeParse(missing).success]);
      }
      expect(parameters.map(({ name }) => name)).toEqual([
        ...Object.keys(call.headers ?? {}),
        ...Object.keys(call.query?.shape ?? {}),
      ]);
      expect(requestBody !== undefined).toBe(call.body !== undefined);
      expect(schemas.InitRequest!.properties!.contentType).toMatchObject({ minLength: 1, maxLength: 255 });
    }
  });

  test('says of every field what it is', () => {
    const silent = Object.entries(schemas).flatMap(([name, schema]) =>
      [...having(schema, 'properties')].flatMap(({ properties }) =>
        Object.entries(properties as Record<string, JsonSchema>)
          .filter(([field, { description }]) => field !== 'success' && !description)
          .map(([field]) => `${name}.${field}`),
      ),
    );
    expect(silent).toEqual([]);
    for (const { parameters = [] } of operations)
      for (const { name, description } of parameters) expect([name, description]).toEqual([name, expect.any(String)]);
  });

  test('has no reference and no credential that leads nowhere', () => {
    const references = [...having(document, '$ref')].map(({ $ref }) =>
      String($ref).replace('#/components/schemas/', ''),
    );
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((name) => !schemas[name])).toEqual([]);
    const needed = operations.flatMap(({ security }) => security.flatMap(Object.keys));
    expect([...new Set(needed)].sort()).toEqual(Object.keys(securitySchemes).sort());
  });

  test('gives examples that the routes themselves take', () => {
    for (const [name, { body, query, example }] of Object.entries<Call>(CALLS))
      expect([name, (body ?? query)?.safeParse(example).success ?? true]).toEqual([name, true]);
  });
});

describe('a field is told in words', () => {
  const TOLD: [JsonSchema, type: string, limits: string][] = [
    [{ type: 'string', minLength: 1, maxLength: 100_000 }, 'text', '1 to 100,000 characters'],
    [{ type: 'string', minLength: 1 }, 'text', 'not empty'],
    [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'whole number', ''],
    [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, 'whole number', 'at least 1'],
    [{ type: 'number', exclusiveMinimum: 0, maximum: 30 }, 'number', 'above 0, at most 30'],
    [{ type: 'string', enum: ['S3', 'R2'] }, '“S3” or “R2”', ''],
    [{ type: ['string', 'null'] }, 'text or null', ''],
    [{ type: 'array', items: { type: 'string' }, maxItems: 100 }, 'list of texts', 'at most 100 of them'],
    [{ type: 'array', items: { $ref: '#/components/schemas/PartUrl' } }, 'list of PartUrl', ''],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'object of texts', ''],
    [{ type: 'boolean', const: true }, 'true', ''],
  ];
  for (const [schema, type, limits] of TOLD)
    test(`${type} ${limits}`.trim(), () => expect([typeOf(schema), limitsOf(schema)]).toEqual([type, limits]));
});

describe('the reference page', () => {
  const shown = page.replaceAll('<wbr>', '');

  test('shows every call, field and error of the document', () => {
    for (const { operationId, path, method } of operations) {
      expect(shown).toContain(`<article id="${operationId}"`);
      expect(shown).toContain(`<b>${method.toUpperCase()}</b> <code>${path}</code>`);
    }
    for (const schema of Object.values(schemas))
      for (const field of Object.keys(schema.properties ?? {})) expect(shown).toContain(`<code>${field}</code>`);
    for (const code of codes) expect(shown).toContain(`<code>${code}</code> <b>`);
  });

  test('leads nowhere that is not there', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('writes as text what would be markup', () => {
    const told = structuredClone(document);
    told.paths[`${BASE_PATH}/init`]!.post!.summary = '<img src=x onerror=alert(1)> `<b>`';
    expect(String(renderPage(told, { origin: '"><script>', key: '' }))).not.toMatch(/<img|<script|<b>`/);
  });

  test('has the colours of the demo app', () => {
    const css = readFileSync(new URL('../../client/demo/style.css', import.meta.url), 'utf8');
    const palette = [...css.matchAll(/--\w+: #[0-9a-f]{6};/g)].map(([line]) => line);
    expect(palette).toHaveLength(10);
    for (const line of palette) expect(STYLE).toContain(line);
  });
});

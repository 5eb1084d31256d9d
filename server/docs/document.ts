import { z } from 'zod';
import { BASE_PATH } from '../contract/wire.ts';
import { ANSWERS, SHARED } from '../routes/answers.ts';
import { CALLS, type Call } from './calls.ts';
import type { Content, JsonSchema, OpenApi, Operation, Parameter } from './openapi.ts';
import { type CallName, refusalsOf } from './remedies.ts';
import { sampleOf } from './sample.ts';

const SECURITY_SCHEMES: OpenApi['components']['securitySchemes'] = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key of the user.' },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of the user, a JWT of the app’s own sign-in where the server is told to take them, or, for `init` alone, a grant.',
  },
  resumeToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Resume-Token',
    description:
      'The resume token of one upload; `Authorization: Bearer` takes it, too. Other calls take it in the body.',
  },
};

const CREDENTIALS: Record<Call['credentials'], [sentence: string, security: Operation['security']]> = {
  user: ['Needs the credentials of the user; a grant is not enough.', [{ apiKey: [] }, { bearer: [] }]],
  begin: ['Needs the credentials of the user, or a grant.', [{ apiKey: [] }, { bearer: [] }]],
  token: [
    'The resume token in the body is enough. Credentials that come along must be those of the upload’s owner.',
    [{}, { apiKey: [] }, { bearer: [] }],
  ],
  tokenHeader: [
    'Needs the resume token in `X-Resume-Token`, or as `Authorization: Bearer`. An API key that comes along must be the owner’s.',
    [{ resumeToken: [] }, { bearer: [] }],
  ],
  calls: [
    'Needs the credentials that its calls need; the same headers are for all of them.',
    [{}, { apiKey: [] }, { bearer: [] }],
  ],
};

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const content = (schema: JsonSchema): Content => ({ content: { 'application/json': { schema } } });
const capital = (name: string): string => name[0]!.toUpperCase() + name.slice(1);

/** The whole API, from the very schemas that check its requests and from those that its answers are held to. */
export function describeApi(): OpenApi {
  const paths: OpenApi['paths'] = {};
  for (const [name, call] of Object.entries(CALLS) as [CallName, Call][])
    paths[BASE_PATH + call.path] = { [call.body ? 'post' : 'get']: operation(name, call) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Partway',
      version: '1',
      description:
        'Uploads that arrive whole: begin, PUT each part to its URL, complete. JSON in and out; `success` says which of the two kinds of answer it is.',
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: components(), securitySchemes: SECURITY_SCHEMES },
    'x-errors': refusalsOf(),
  };
}

/** Named as `contract/wire.ts` names their types. */
function components(): Record<string, JsonSchema> {
  const asked = named('Request', Object.fromEntries(Object.entries(CALLS).map(([name, { body }]) => [name, body])));
  const answered = { ...named('Answer', ANSWERS), ...SHARED };
  return { ...schemasOf(asked, 'input'), ...schemasOf(answered, 'output') };
}

const named = (kind: string, schemas: Record<string, z.ZodType | undefined>): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => (schema ? [[capital(name) + kind, schema]] : [])),
  );

function schemasOf(schemas: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { uri: (id) => ref(id).$ref!, io }).schemas;
  return Object.fromEntries(Object.entries(made).map(([id, schema]) => [id, bare(schema as JsonSchema)]));
}

/** Of a component, OpenAPI itself says the dialect and the address. */
function bare(schema: JsonSchema & { $schema?: string; $id?: string }): JsonSchema {
  const { $schema: _, $id: __, ...rest } = schema;
  return rest;
}

function operation(name: CallName, call: Call): Operation {
  const [sentence, security] = CREDENTIALS[call.credentials];
  const parameters = parametersOf(call);
  return {
    operationId: name,
    summary: call.does,
    description: sentence,
    security,
    ...(parameters.length && { parameters }),
    ...(call.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: ref(`${capital(name)}Request`), example: call.example } },
      },
    }),
    responses: { 200: { description: 'It was done.', ...content(ref(`${capital(name)}Answer`)) }, ...refusals(name) },
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source: sampleOf(call) }],
  };
}

function parametersOf({ headers = {}, query }: Call): Parameter[] {
  const parameter = (where: Parameter['in'], name: string, schema: z.ZodType): Parameter => {
    const { description, ...rest } = bare(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema);
    return {
      name,
      in: where,
      required: !schema.safeParse(undefined).success,
      ...(description && { description }),
      schema: rest,
    };
  };
  return [
    ...Object.entries(headers).map(([name, schema]) => parameter('header', name, schema)),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => parameter('query', name, schema as z.ZodType)),
  ];
}

/** For each status the codes that it comes with. */
function refusals(name: CallName): Operation['responses'] {
  const all = refusalsOf(name);
  const statuses = [...new Set(all.flatMap((refusal) => refusal.statuses))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const here = all.filter((refusal) => refusal.statuses.includes(status));
      const codes: JsonSchema = { type: 'object', properties: { error: { enum: here.map(({ code }) => code) } } };
      const response = {
        description: here.map(({ code, remedy }) => `\`${code}\`: ${remedy}.`).join('\n\n'),
        ...content({ allOf: [ref('ErrorAnswer'), codes] }),
        'x-errors': here,
      };
      return [status, response];
    }),
  );
}

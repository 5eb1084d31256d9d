import type { CallName, Refusal } from './remedies.ts';

/** What is used of JSON Schema (2020-12). */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema | boolean;
  prefixItems?: JsonSchema[];
  allOf?: JsonSchema[];
  enum?: string[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Parameter {
  name: string;
  in: 'header' | 'query';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

export interface Content {
  content: { 'application/json': { schema: JsonSchema; example?: unknown } };
}

export interface Operation {
  operationId: CallName;
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required: true } & Content;
  responses: Record<string, { description: string; 'x-errors'?: Refusal[] } & Content>;
  'x-codeSamples': { lang: 'Shell'; label: 'curl'; source: string }[];
}

/** An OpenAPI 3.1 document. Extensions: `x-codeSamples`, and `x-errors` with what to do about each error. */
export interface OpenApi {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: Record<string, Partial<Record<'get' | 'post', Operation>>>;
  components: {
    schemas: Record<string, JsonSchema>;
    securitySchemes: Record<string, { type: string; in?: string; name?: string; scheme?: string; description: string }>;
  };
  'x-errors': Refusal[];
}

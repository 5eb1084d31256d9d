import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { BASE_PATH } from '../contract/wire.ts';
import { type Field, fieldsOf, limitsOf, nameOf, typeOf } from './fields.ts';
import { MARK } from './mark.ts';
import type { Content, OpenApi, Operation } from './openapi.ts';
import type { Refusal } from './remedies.ts';
import { STYLE } from './style.ts';

/** What the samples are called with. */
export interface Sample {
  origin: string;
  key: string;
}

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

interface Call extends Operation {
  method: string;
  path: string;
}

/** The reference as a page: everything in it comes from the document. */
export function renderPage(document: OpenApi, sample: Sample): Html {
  const calls: Call[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
  );
  const { schemas } = document.components;
  const own = calls.flatMap(({ requestBody, responses }) =>
    [requestBody, responses['200']].map((carried) => carried && componentOf(carried)),
  );
  const objects = Object.keys(schemas).filter((name) => !own.includes(name));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f6f5f1" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#141917" media="(prefers-color-scheme: dark)">
<meta name="description" content="Every call, field and error of the Partway API.">
<title>Partway API</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK)}">
<style>${raw(STYLE)}</style>
</head>
<body>
<header>${raw(MARK)}<p>Partway</p><a href="openapi.json">openapi.json</a></header>
<nav aria-label="Contents">
<ul>
${calls.map(({ operationId }) => html`<li><a href="#${operationId}"><code>${operationId}</code></a></li>`)}
<li><a href="#objects">Objects</a></li>
<li><a href="#errors">Errors</a></li>
</ul>
</nav>
<main>
<h1>The API, <span>call by call.</span></h1>
<p class="lead">${rich(document.info.description)}</p>
${start(document, sample)}
${calls.map((call) => callSection(schemas, call))}
<section id="objects">
<h2>Objects</h2>
${objects.map((name) => html`<h3 id="${name}"><code>${name}</code></h3>${fieldList(fieldsOf(schemas[name]!), 'answer')}`)}
</section>
<section id="errors">
<h2>Errors</h2>
<p>Every answer that is none of a call’s own is an <a href="#ErrorAnswer"><code>ErrorAnswer</code></a> with one of these codes.</p>
${refusalList(document['x-errors'])}
</section>
</main>
</body>
</html>
`;
}

const start = ({ components }: OpenApi, { origin, key }: Sample): Html => html`<section id="start">
<h2>Before the first call</h2>
<p>The samples are for a shell that knows the address, a key, and the resume token that <a href="#init"><code>init</code></a> gave.</p>
<pre><code>PARTWAY=${origin}${BASE_PATH}
KEY=${key}
TOKEN=mpu_…</code></pre>
<dl>${Object.values(components.securitySchemes).map(
  ({ name, description }) =>
    html`<div><dt><code>${name ?? 'Authorization: Bearer'}</code></dt><dd>${rich(description)}</dd></div>`,
)}</dl>
</section>`;

function callSection(schemas: OpenApi['components']['schemas'], call: Call): Html {
  const { operationId: id, parameters = [], requestBody, responses } = call;
  const given: Field[] = parameters.map(({ name, in: where, required, description = '', schema }) => ({
    name,
    depth: 0,
    type: `${typeOf(schema)}, in the ${where === 'query' ? 'address' : 'header'}`,
    limits: limitsOf(schema),
    required,
    description,
  }));
  const body = requestBody ? fieldsOf(schemas[componentOf(requestBody)]!) : [];
  const errors = Object.values(responses).flatMap((response) => response['x-errors'] ?? []);
  const refusals = [...new Map(errors.map((refusal) => [refusal.code, refusal])).values()];
  return html`<article id="${id}" aria-labelledby="${id}-name">
<h2 id="${id}-name"><code>${id}</code></h2>
<p class="address"><b>${call.method}</b> <code>${breakable(call.path)}</code></p>
<p>${rich(call.summary)} <span class="quiet">${rich(call.description)}</span></p>
<pre><code>${call['x-codeSamples'][0]!.source}</code></pre>
<div class="sides">
<section><h3>Request</h3>${[...given, ...body].length ? fieldList([...given, ...body], 'request') : html`<p class="quiet">Nothing beside the credentials.</p>`}</section>
<section><h3>Answer</h3>${fieldList(fieldsOf(schemas[componentOf(responses['200']!)]!), 'answer')}</section>
</div>
<details><summary>Errors of <code>${id}</code> <small>${refusals.length}</small></summary>${refusalList(refusals)}</details>
</article>`;
}

const componentOf = ({ content }: Content): string => nameOf(content['application/json'].schema.$ref!);

/** Requests mark what must be there, answers what may be missing. */
const fieldList = (fields: Field[], side: 'request' | 'answer'): Html =>
  html`<dl>${fields.map((field) => {
    const { name, depth, type, limits, required, description } = field;
    const mark = side === 'request' ? required && 'required' : !required && 'not always';
    return html`<div${raw(depth ? ' class="inner"' : '')}>
<dt><code>${breakable(name)}</code> <span class="quiet">${typed(type)}${limits && `, ${limits}`}</span>${mark && html` <em>${mark}</em>`}</dt>
<dd>${rich(description)}</dd></div>`;
  })}</dl>`;

const refusalList = (refusals: Refusal[]): Html =>
  html`<dl class="refusals">${refusals.map(
    ({ code, statuses, remedy }) =>
      html`<div><dt><code>${breakable(code)}</code> <b>${statuses.join(', ')}</b></dt><dd>${rich(remedy)}</dd></div>`,
  )}</dl>`;

/** Text with `code` in it. */
const rich = (text: string): Html[] =>
  text.split('`').map((piece, at) => (at % 2 ? html`<code>${piece}</code>` : html`${piece}`));

/** A type, with the names of objects leading to them. */
const typed = (type: string): Html[] =>
  type
    .split(/\b([A-Z][a-z]+[A-Z]\w+|Progress)\b/)
    .map((piece, at) => (at % 2 ? html`<a href="#${piece}"><code>${piece}</code></a>` : html`${piece}`));

/** May go on in the next line after what joins its words. */
const breakable = (name: string): Html[] =>
  name.split(/(?<=[/_.])/).map((piece, at) => html`${at ? raw('<wbr>') : ''}${piece}`);

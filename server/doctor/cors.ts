import { type Answer, succeeded } from '../bucket/answer.ts';
import { carried } from '../bucket/presign.ts';
import { type Cure, type Finding, fault, json, note, ok, quoted, told } from './finding.ts';
import { HEADERS } from './specimen.ts';
import { awsOptions, isR2, originOf, type Subject } from './subject.ts';

/** The header that a page sends with a part whose URL is bound to its digest. */
export const DIGEST_HEADER = 'content-md5';

/** What comes with a file that goes by a single PUT; metadata of the app's own come beside it. */
export const SINGLE_HEADERS = [DIGEST_HEADER, ...Object.keys(carried(HEADERS))];

/** What a page of `origin` was answered. What is undefined was not asked. */
export interface Visit {
  origin: string;
  /** For PUT, with the headers that our client sends. */
  preflight: Answer;
  /** The same without any header. */
  bare?: Answer | undefined;
  /** The same with Content-Type, where nothing is bound to digests. */
  typed?: Answer | undefined;
  /** The same with all that comes with a single PUT, and, where that may not be, with each of it alone. */
  single?: Answer | undefined;
  each?: { header: string; answer: Answer }[] | undefined;
  put?: Answer | undefined;
  get?: Answer | undefined;
}

const CHECK = 'cors';
const METADATA = 'x-amz-meta-';

/** Whether pages of this origin may PUT parts, and GET what they have sent. */
export function cors(subject: Subject, visit: Visit): Finding[] {
  const { origin, preflight, bare, typed, single, put, get } = visit;
  const headers = subject.partDigest ? [DIGEST_HEADER] : [];
  if (mixed(origin, originOf(subject.store)))
    return [
      fault(CHECK, `${origin}: browsers do not let a page behind https talk to a store behind http.`, {
        todo: 'Put the store behind https, and give its new address.',
      }),
    ];
  const barred = barrier(origin, 'PUT', headers, preflight);
  if (barred) {
    const header = bare && !barrier(origin, 'PUT', [], bare);
    const why = header ? `the rule for it does not allow the header ${DIGEST_HEADER}` : barred;
    return [fault(CHECK, `${origin} may not PUT: ${why}.`, rules(subject))];
  }
  const findings = [ok(CHECK, `${origin} may PUT${headers.length ? ` with ${headers}` : ''} (preflight).`)];
  if (single) findings.push(wholeFiles(subject, visit, single));
  if (typed && barrier(origin, 'PUT', ['content-type'], typed))
    findings.push(
      note(
        CHECK,
        `${origin} may not send content-type: our client does not, a loop of your own over typed Blobs does.`,
      ),
    );
  if (put) findings.push(reading(subject, origin, put));
  if (get)
    findings.push(
      succeeded(get) && opens(origin, get)
        ? ok(CHECK, `${origin} may GET.`)
        : note(CHECK, `${origin} may not read by fetch what it GETs; links and downloads work.`, rules(subject)),
    );
  return findings;
}

function wholeFiles(subject: Subject, { origin, each = [] }: Visit, single: Answer): Finding {
  const barred = barrier(origin, 'PUT', SINGLE_HEADERS, single);
  if (!barred) return ok(CHECK, `${origin} may PUT a file of one part with all that it carries (preflight).`);
  const refused = each.filter(({ header, answer }) => barrier(origin, 'PUT', [header], answer));
  const why = refused.length
    ? `the rule for it does not allow ${refused.map(({ header }) => header).join(', ')}`
    : barred;
  return fault(CHECK, `${origin} may not PUT a file of one part: ${why}.`, rules(subject));
}

function reading(subject: Subject, origin: string, put: Answer): Finding {
  if (!succeeded(put))
    return fault(CHECK, `${origin}: the PUT itself is refused (${told(put)}).`, {
      todo: 'The log of the store has the cause.',
    });
  if (!opens(origin, put))
    return fault(CHECK, `${origin} may not read the answer to its PUT: ${foreign(put)}.`, rules(subject));
  const exposed = listed(put, 'access-control-expose-headers', 'etag');
  return ok(
    CHECK,
    `${origin} PUTs a part and can read the answer; its ETag is ${exposed ? 'exposed' : 'hidden, and not needed'}.`,
  );
}

/** Why a browser would not let the page go on after this preflight. */
function barrier(origin: string, method: string, headers: string[], answer: Answer): string | undefined {
  if (!answer.status) return told(answer);
  if (!succeeded(answer)) return `no CORS rule of the bucket is for it (${told(answer)})`;
  if (!opens(origin, answer)) return foreign(answer);
  // PUT is not among the methods that need no leave.
  if (!listed(answer, 'access-control-allow-methods', method)) return `access-control-allow-methods has no ${method}`;
  const lacking = headers.filter((name) => !listed(answer, 'access-control-allow-headers', name));
  return lacking.length ? `access-control-allow-headers has no ${lacking}` : undefined;
}

const foreign = ({ headers }: Answer): string =>
  `access-control-allow-origin is ${headers['access-control-allow-origin'] ?? 'missing'}`;

/** The page sends no cookies, so any origin may be allowed at once. */
const opens = (origin: string, { headers }: Answer): boolean =>
  [origin, '*'].includes(headers['access-control-allow-origin'] ?? '');

function listed({ headers }: Answer, header: string, name: string): boolean {
  const names = (headers[header] ?? '').split(',').map((word) => word.trim().toLowerCase());
  return names.includes('*') || names.includes(name.toLowerCase());
}

/** Browsers trust http on this machine alone. */
function mixed(origin: string, store: string): boolean {
  const { protocol, hostname } = new URL(store);
  return origin.startsWith('https:') && protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

/** The CORS rules that the bucket needs, for all origins at once. */
export function rules(subject: Subject): Cure {
  const { origins, embedded } = subject;
  if (embedded) {
    const own = origins.filter((origin) => !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):/.test(origin));
    return {
      todo: 'The embedded bucket allows the origins that its server was started with: start it again with the same settings.',
      paste: [{ where: 'the environment of npm start', text: `ALLOWED_ORIGINS=${own}` }],
    };
  }
  const rule = {
    AllowedOrigins: origins,
    AllowedMethods: ['PUT', 'GET'],
    // R2 takes no asterisk here: an app with metadata of its own has to name them there.
    AllowedHeaders: isR2(subject.store)
      ? SINGLE_HEADERS
      : [...SINGLE_HEADERS.filter((name) => !name.startsWith(METADATA)), `${METADATA}*`],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3600,
  };
  const shell = {
    where: 'a shell',
    text: `aws s3api put-bucket-cors ${awsOptions(subject)} --cors-configuration ${quoted(JSON.stringify({ CORSRules: [rule] }))}`,
  };
  const dashboard = { where: 'R2 > the bucket > Settings > CORS policy', text: json([rule]) };
  return {
    todo: 'Let the pages in by this CORS rule; it replaces those that the bucket has, so add them if there are any.',
    paste: isR2(subject.store) ? [dashboard] : [shell],
  };
}

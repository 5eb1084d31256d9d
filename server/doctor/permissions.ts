import { type Answer, succeeded } from '../bucket/answer.ts';
import { type Cure, type Finding, fault, json, ok, told } from './finding.ts';
import { isR2, type Subject } from './subject.ts';

/** The server's calls, and the permission that IAM wants for each. */
const ACTIONS = {
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  DeleteObject: 's3:DeleteObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  // Else HEAD of an object that is not there is refused, and the server cannot tell the one from the other.
  'HeadObject of a missing one': 's3:ListBucket',
} as const;

export type Call = keyof typeof ACTIONS;

const OF_BUCKET = new Set<string>(['s3:ListBucketMultipartUploads', 's3:ListBucket']);

/** Whether the store let the server make this call; `right` where another answer than success is the right one. */
export function permission(subject: Subject, call: Call, answer: Answer, right = succeeded(answer)): Finding {
  const check = 'permission';
  if (right) return ok(check, call);
  if (answer.status === 403 || answer.status === 401)
    return fault(check, `${call} is refused (${told(answer)}); it needs ${ACTIONS[call]}.`, policy(subject));
  if (answer.status === 501 || answer.status === 405)
    return fault(check, `This store has no ${call} (${told(answer)}).`, {
      todo: 'Use a store that has the whole of S3 multipart uploads.',
    });
  return fault(check, `${call} fails (${told(answer)}).`, { todo: 'The log of the store has the cause.' });
}

/** Exactly what the server uses. */
function policy(subject: Subject): Cure {
  const { bucket } = subject.store;
  if (isR2(subject.store)) return tokenPolicy(subject);
  const actions = [...new Set<string>(Object.values(ACTIONS))];
  // In a policy an asterisk stands for anything.
  const keys = `${subject.keyPrefix.replaceAll('*', `$\{*}`)}*`;
  const statement = (Action: string[], Resource: string) => ({ Effect: 'Allow', Action, Resource });
  const text = json({
    Version: '2012-10-17',
    Statement: [
      statement(
        actions.filter((action) => !OF_BUCKET.has(action)),
        `arn:aws:s3:::${bucket}/${keys}`,
      ),
      statement([...OF_BUCKET], `arn:aws:s3:::${bucket}`),
    ],
  });
  return {
    todo: "Let the key's user do this, and look that no bucket policy denies it; it is all that the server needs.",
    paste: [{ where: "the IAM policy of the key's user or role", text }],
  };
}

/** R2 knows no single permissions: reading and writing one bucket is the least that does. */
function tokenPolicy({ store }: Subject): Cure {
  const account = /^([0-9a-f]{32})\./.exec(new URL(store.endpoint).hostname)?.[1] ?? 'ACCOUNT_ID';
  const text = json({
    name: `partway ${store.bucket}`,
    policies: [
      {
        effect: 'allow',
        resources: { [`com.cloudflare.edge.r2.bucket.${account}_default_${store.bucket}`]: '*' },
        permission_groups: [
          { id: '2efd5506f9c8494dacb1fa10a3e7d5b6', name: 'Workers R2 Storage Bucket Item Write' },
          { id: '6a018a9f2fc74eb6b293b0c548f38b39', name: 'Workers R2 Storage Bucket Item Read' },
        ],
      },
    ],
  });
  return {
    todo: `In R2, under Manage API tokens, make a token with "Object Read & Write" for the bucket ${store.bucket} alone, and use its keys.`,
    paste: [{ where: `the same by POST /accounts/${account}/tokens of Cloudflare's API`, text }],
  };
}

import { ListPartsCommand, type ListPartsCommandInput, type Part, type S3Client } from '@aws-sdk/client-s3';
import type { UploadedPart } from '../contract/wire.ts';

export const unquoted = (etag: string | undefined) => (etag ?? '').replaceAll('"', '');

/** One page, and where the next one begins; undefined after the last. */
export interface PartPage {
  parts: UploadedPart[];
  next: string | undefined;
}

/**
 * Asks `client` for one page. The SDK's XML parser takes megabytes for a thousand parts: they are read from the text
 * before it sees them. A store that writes them otherwise than S3 does is left to the parser.
 */
export async function readPartPage(client: S3Client, input: ListPartsCommandInput): Promise<PartPage> {
  const parts: UploadedPart[] = [];
  const command = new ListPartsCommand(input);
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { statusCode: number; body: AsyncIterable<Uint8Array> };
      if (response.statusCode !== 200) return result;
      const { rest, found } = takeParts(await textOf(response.body));
      parts.push(...found);
      // The SDK takes bytes as well as a stream.
      Object.assign(response, { body: new TextEncoder().encode(rest) });
      return result;
    },
    // Between the SDK's own deserializer and the wire.
    { step: 'deserialize', priority: 'low', name: 'takeParts' },
  );
  const page = await client.send(command);
  const left = (page.Parts ?? []).map(fromSdk);
  return { parts: parts.length ? parts : left, next: page.IsTruncated ? page.NextPartNumberMarker : undefined };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const PART = /<Part>(.*?)<\/Part>/gs;
const field = (name: string) => new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`);
const [NUMBER, ETAG, SIZE, TIME] = ['PartNumber', 'ETag', 'Size', 'LastModified'].map(field) as RegExp[];

/** The parts in the XML of ListParts, and the XML without them. */
export function takeParts(xml: string): { found: UploadedPart[]; rest: string } {
  const found: UploadedPart[] = [];
  for (const [, part = ''] of xml.matchAll(PART)) {
    const [number, etag, size, time] = [NUMBER, ETAG, SIZE, TIME].map((pattern) => pattern!.exec(part)?.[1]);
    if (!number || etag === undefined || !size || !time) return { found: [], rest: xml };
    found.push({
      partNumber: Number(number),
      etag: unquoted(etag.replaceAll('&quot;', '"').replaceAll('&#34;', '"')),
      size: Number(size),
      lastModified: new Date(time).toISOString(),
    });
  }
  return { found, rest: found.length ? xml.replace(PART, '') : xml };
}

const fromSdk = (part: Part): UploadedPart => ({
  partNumber: part.PartNumber!,
  etag: unquoted(part.ETag),
  size: part.Size!,
  lastModified: part.LastModified!.toISOString(),
});

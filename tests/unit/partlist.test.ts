import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { takeParts } from '../../server/bucket/partlist.ts';

const page = (parts: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>${parts}<IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker></ListPartsResult>`;

const part = fc.record({
  partNumber: fc.integer({ min: 1, max: 10_000 }),
  etag: fc.stringMatching(/^[0-9a-f]{32}$/),
  size: fc.nat(),
  lastModified: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
    .map((date) => date.toISOString()),
});
/** Stores write the fields in any order, ETags quoted in several ways, blanks between or not. */
const written = fc.record({
  order: fc.shuffledSubarray(['n', 'e', 's', 't'], { minLength: 4 }),
  quote: fc.constantFrom('&quot;', '"', '&#34;', ''),
  blank: fc.constantFrom('', '\n  '),
});

test('parts are read from the list as they are written, and nothing else is taken out of it', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), written, (parts, { order, quote, blank }) => {
      const xml = parts.map(({ partNumber, etag, size, lastModified }) => {
        const fields: Record<string, string> = {
          n: `<PartNumber>${partNumber}</PartNumber>`,
          e: `<ETag>${quote}${etag}${quote}</ETag>`,
          s: `<Size>${size}</Size>`,
          t: `<LastModified>${lastModified}</LastModified>`,
        };
        return `<Part>${blank}${order.map((name) => fields[name]).join(blank)}${blank}</Part>`;
      });
      const { found, rest } = takeParts(page(xml.join(blank)));
      expect(found).toEqual(parts);
      expect(rest.replaceAll(/\s/g, '')).toBe(page('').replaceAll(/\s/g, ''));
    }),
  );
});

test('a list that is written otherwise is left whole to the parser', () => {
  for (const xml of [page('<s3:Part><s3:PartNumber>1</s3:PartNumber></s3:Part>'), page('<Part><Size>1</Size></Part>')])
    expect(takeParts(xml)).toEqual({ found: [], rest: xml });
});

import { afterAll, beforeAll, describe, setDefaultTimeout } from 'bun:test';
import { cephInstalled } from '../judges/ceph.ts';
import { cephStore } from '../store.ts';
import { abortSuite } from './abort.ts';
import { beginSuite } from './begin.ts';
import { claimSuite } from './claim.ts';
import { completeSuite } from './complete.ts';
import { listSuite } from './list.ts';
import { manySuite } from './many.ts';
import { pauseSuite } from './pause.ts';
import { openPlace, type Place } from './place.ts';
import { progressSuite } from './progress.ts';
import { signSuite } from './sign.ts';
import { singleSuite } from './single.ts';

setDefaultTimeout(120_000);

const UNIT = 2 ** 16;

describe.skipIf(!cephInstalled())('the API over Ceph RGW', () => {
  let place: Place;
  const at = () => place;
  beforeAll(async () => {
    // S3's own 5 MiB would make a thousand parts five GiB.
    place = await openPlace(await cephStore({ smallestPart: UNIT }), { unit: UNIT });
  });
  afterAll(() => place?.stop());

  describe('begin', () => beginSuite(at));
  describe('sign and resume', () => signSuite(at));
  describe('single PUT', () => singleSuite(at));
  describe('complete', () => completeSuite(at));
  describe('cancel', () => abortSuite(at));
  describe('pause', () => pauseSuite(at));
  describe('progress', () => progressSuite(at));
  describe('list', () => listSuite(at));
  describe('claim', () => claimSuite(at));
  describe('many parts', () => manySuite(at, 1005, [1, 1000, 1001, 1005]));
});

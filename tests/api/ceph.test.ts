import { afterAll, beforeAll, describe, setDefaultTimeout } from 'bun:test';
import { cephInstalled } from '../judges/ceph.ts';
import { cephStore } from '../store.ts';
import { abortSuite } from './abort.ts';
import { beginSuite } from './begin.ts';
import { completeSuite } from './complete.ts';
import { manySuite } from './many.ts';
import { MiB, openPlace, type Place } from './place.ts';
import { signSuite } from './sign.ts';

setDefaultTimeout(120_000);

describe.skipIf(!cephInstalled())('the API over Ceph RGW', () => {
  let place: Place;
  const at = () => place;
  beforeAll(async () => {
    place = await openPlace(await cephStore(), { unit: 5 * MiB });
  });
  afterAll(() => place?.stop());

  describe('begin', () => beginSuite(at));
  describe('sign and resume', () => signSuite(at));
  describe('complete', () => completeSuite(at));
  describe('cancel', () => abortSuite(at));
  describe('many parts', () => manySuite(at, 1005, [1, 1000, 1001, 1005]));
});

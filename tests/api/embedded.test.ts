import { afterAll, beforeAll, describe, setDefaultTimeout } from 'bun:test';
import { embeddedStore } from '../store.ts';
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

setDefaultTimeout(180_000);

describe('the API over the embedded bucket', () => {
  let place: Place;
  const at = () => place;
  beforeAll(async () => {
    place = await openPlace(await embeddedStore({ smallestPart: 1024 }));
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
  describe('many parts', () => manySuite(at, 2500, [1, 2, 999, 1000, 1001, 2000, 2001, 2500]));
});

import type { Crossing } from '../bucket/crossing.ts';
import type { Probe } from '../bucket/probe.ts';
import type { Subject } from './subject.ts';

/** What one bucket is examined with. */
export interface Room {
  subject: Subject;
  /** As the server. */
  probe: Probe;
  /** As a page. */
  crossing: Crossing;
  /** Of every key that is written. */
  prefix: string;
}

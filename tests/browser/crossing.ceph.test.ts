import { cephInstalled } from '../judges/ceph.ts';
import { cephStore } from '../store.ts';
import { crossing } from './crossing.ts';

crossing('Ceph RGW', cephStore, cephInstalled());

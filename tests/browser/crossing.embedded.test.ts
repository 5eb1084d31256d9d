import { embeddedStore } from '../store.ts';
import { crossing } from './crossing.ts';

crossing('the embedded bucket', embeddedStore);

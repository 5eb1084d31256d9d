import { installUploads } from '../../sw/worker.ts';

installUploads();

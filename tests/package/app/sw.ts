import { installUploads } from 'partway/sw';

installUploads();

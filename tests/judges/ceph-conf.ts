/** The configuration of a Ceph that fits on one machine's loopback and lives for one test run. */

export interface CephPlace {
  folder: string;
  fsid: string;
  /** Of the monitor's second and first wire protocol, and of the S3 gateway. */
  ports: { mon2: number; mon1: number; s3: number };
  /** Bytes that every part but the last must have. */
  smallestPart: number;
}

export const RGW_NAME = 'client.rgw.judge';
const GIB = 2 ** 30;

export function monAddress({ ports }: CephPlace): string {
  return `[v2:127.0.0.1:${ports.mon2}/0,v1:127.0.0.1:${ports.mon1}/0]`;
}

function sections(place: CephPlace): Record<string, Record<string, string | number | boolean>> {
  const { folder, fsid, ports, smallestPart } = place;
  return {
    global: {
      fsid,
      'mon initial members': 'a',
      'mon host': monAddress(place),
      'public addr': '127.0.0.1',
      'cluster addr': '127.0.0.1',
      'ms bind ipv6': false,
      // Nobody else can reach it, and keyrings cost seconds.
      'auth cluster required': 'none',
      'auth service required': 'none',
      'auth client required': 'none',
      // Without keys there is nothing to encrypt with, and the gateway would insist.
      'ms mon client mode': 'crc secure',
      'run dir': folder,
      'admin socket': '',
      'crash dir': folder,
      'log file': `${folder}/$name.log`,
      // One disk: one copy, one placement group a pool.
      'osd pool default size': 1,
      'osd pool default min size': 1,
      'osd pool default pg num': 1,
      'osd pool default pgp num': 1,
      'osd pool default pg autoscale mode': 'off',
      'osd crush chooseleaf type': 0,
      'mon allow pool size one': true,
      'mon max pg per osd': 1000,
    },
    mon: {
      'mon data': `${folder}/mon`,
      'mon cluster log file': `${folder}/cluster.log`,
      'mon data avail crit': 1,
      'auth allow insecure global id reclaim': false,
      // Its default gathers proposals for a second: each step of the start would wait for that.
      'paxos propose interval': 0.01,
      'paxos min wait': 0.01,
    },
    osd: {
      'osd data': `${folder}/osd`,
      'osd objectstore': 'bluestore',
      // A sparse file.
      'bluestore block create': true,
      'bluestore block size': 8 * GIB,
      'bluestore block db create': false,
      'bluestore fsck on mount': false,
      'osd op num shards': 2,
      'osd memory target': GIB,
      'osd class load list': '*',
      'osd class default list': '*',
    },
    [RGW_NAME]: {
      // Without tcp_nodelay every call waits for a delayed ACK: 48 ms instead of 4.
      'rgw frontends': `beast endpoint=127.0.0.1:${ports.s3} tcp_nodelay=1`,
      'rgw thread pool size': 64,
      'rgw enable usage log': false,
      'rgw enable apis': 's3',
      'rgw multipart min part size': smallestPart,
    },
  };
}

export function cephConf(place: CephPlace): string {
  const render = ([name, settings]: [string, object]) =>
    [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`), ''].join('\n');
  return Object.entries(sections(place)).map(render).join('\n');
}

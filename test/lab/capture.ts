/** What went over the wire: tcpdump in the guest on the underlay, its file read here. */

import type { Control } from './control.js';

export type PacketKind = 'esp' | 'plaintext' | 'ike' | 'other';

export interface Counted {
  readonly count: number;
  /** Seconds since the epoch, by the guest's clock. */
  readonly first?: number;
  readonly last?: number;
  /** Addresses that such packets came from. */
  readonly sources: readonly string[];
}

/** `encapsulated`: how many of the packets of ESP are in UDP. */
export type Wire = Readonly<Record<PacketKind, Counted>> & { readonly encapsulated: number };

export interface Capture {
  stop(): Promise<Wire>;
}

/** Starts to record on an interface of the guest; resolves when tcpdump listens. */
export async function startCapture(control: Control, device: string, name: string): Promise<Capture> {
  const file = `/tmp/${name}.pcap`;
  const script = `
    tcpdump -i ${device} -s 96 -B 16384 --immediate-mode -U -w ${file} not arp and not ip6 multicast >${file}.log 2>&1 </dev/null &
    echo $! >${file}.pid
    for _ in $(seq 300); do grep -q 'listening on' ${file}.log && exit 0; sleep 0.1; done
    cat ${file}.log >&2
    exit 1`;
  const started = await control.run(script);
  if (started.status !== 0) throw new Error(`tcpdump: ${started.stderr}`);
  return {
    stop: async () => {
      await control.run(`
        pid=$(cat ${file}.pid)
        kill -INT $pid
        for _ in $(seq 100); do kill -0 $pid 2>/dev/null || exit 0; sleep 0.1; done
        kill -KILL $pid`);
      return countPackets(await control.bytes(`cat ${file}; rm ${file}*`));
    },
  };
}

/** Counts the packets of a pcap file as tcpdump writes it: Ethernet, microseconds, little-endian. */
export function countPackets(pcap: Buffer): Wire {
  const wire: Record<PacketKind, Counted> = { esp: none, plaintext: none, ike: none, other: none };
  let encapsulated = 0;
  for (let at = 24; at + 16 <= pcap.length; ) {
    const time = pcap.readUInt32LE(at) + pcap.readUInt32LE(at + 4) / 1e6;
    const length = pcap.readUInt32LE(at + 8);
    const frame = pcap.subarray(at + 16, at + 16 + length);
    const kind = kindOf(frame);
    if (kind === 'esp' && protocolOf(frame) === 17) encapsulated += 1;
    const { count, first = time, sources } = wire[kind];
    const source = sourceOf(frame);
    wire[kind] = {
      count: count + 1,
      first,
      last: time,
      sources: sources.includes(source) ? sources : [...sources, source],
    };
    at += 16 + length;
  }
  return { ...wire, encapsulated };
}

const none: Counted = { count: 0, sources: [] };

/** The IP address as hexadecimal digits; both families have one each. */
function sourceOf(frame: Buffer): string {
  const type = frame.readUInt16BE(12);
  if (type === 0x0800) return frame.toString('hex', 26, 30);
  return type === 0x86dd ? frame.toString('hex', 22, 38) : '';
}

function protocolOf(frame: Buffer): number {
  return frame.readUInt16BE(12) === 0x0800 ? frame.readUInt8(23) : frame.readUInt8(20);
}

function kindOf(frame: Buffer): PacketKind {
  const type = frame.readUInt16BE(12);
  if (type === 0x0800) return kindOfPayload(frame.readUInt8(23), frame.subarray(14 + (frame.readUInt8(14) & 15) * 4));
  if (type === 0x86dd) return kindOfPayload(frame.readUInt8(20), frame.subarray(54));
  return 'other';
}

function kindOfPayload(protocol: number, payload: Buffer): PacketKind {
  if (protocol === 50) return 'esp';
  if (protocol === 47) return 'plaintext';
  // A fragment's rest has no ports, and a short one nothing to read: neither can be a tunnel's first packet.
  if ((protocol !== 17 && protocol !== 6) || payload.length < 12) return 'other';
  const port = payload.readUInt16BE(2);
  if (protocol === 6) return port === 7471 ? 'plaintext' : 'other';
  if (port === 6081 || port === 4789) return 'plaintext';
  if (port === 500 || payload.readUInt16BE(0) === 500) return 'ike';
  if (port !== 4500 && payload.readUInt16BE(0) !== 4500) return 'other';
  // Four zero bytes after the UDP header mark IKE on port 4500; anything else there is ESP in UDP.
  return payload.readUInt32BE(8) === 0 ? 'ike' : 'esp';
}

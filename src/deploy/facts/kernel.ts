/**
 * What the kernel does with packets: its IPsec policies and security associations, from `ip xfrm` of iproute2.
 *
 * @module
 */

/** What packets a policy or an association is for. */
export interface Selector {
  readonly source: string;
  readonly destination: string;
  /** `gre`, `udp`, `tcp`, a number, or undefined for any. */
  readonly protocol: string | undefined;
  readonly sourcePort: string | undefined;
  readonly destinationPort: string | undefined;
}

export interface KernelPolicy extends Selector {
  readonly direction: 'in' | 'out' | 'fwd';
  readonly action: 'allow' | 'block';
  /** `0/0x1`; undefined for packets of any mark. */
  readonly mark: string | undefined;
  /** The kernel takes the lowest first; undefined where it was not told. */
  readonly priority: number | undefined;
  /** There is a template: what is allowed is allowed as ESP only. */
  readonly esp: boolean;
}

export interface SecurityAssociation {
  readonly source: string;
  readonly destination: string;
  readonly spi: string;
  readonly bytes: number;
  readonly packets: number;
  /** Undefined where the association is for any packet between the two. */
  readonly selector: Selector | undefined;
  /** An acquire that the kernel waits to have answered: nothing goes out before it expires. */
  readonly larval: boolean;
}

export function parsePolicies(text: string): KernelPolicy[] {
  return blocksOf(text).flatMap((block) => {
    const direction = /\bdir (in|out|fwd)\b/.exec(block)?.[1];
    if (direction !== 'in' && direction !== 'out' && direction !== 'fwd') return [];
    return [
      {
        ...selectorOf(block),
        direction,
        action: /\baction block\b/.test(block) ? 'block' : 'allow',
        mark: /\bmark (\S+)/.exec(block)?.[1],
        priority: numberIn(/\bpriority (\d+)/.exec(block)?.[1]),
        esp: /\bproto esp\b/.test(block),
      },
    ];
  });
}

export function parseStates(text: string): SecurityAssociation[] {
  return blocksOf(text).flatMap((block) => {
    const [, source, destination] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
    const spi = /\bspi (0x[0-9a-f]+)/.exec(block)?.[1];
    if (source === undefined || destination === undefined || spi === undefined) return [];
    const [, bytes, packets] = /lifetime current:\s{0,80}(\d+)\(bytes\), (\d+)\(packets\)/.exec(block) ?? [];
    const sel = /^[ \t]*sel (src .*)$/m.exec(block)?.[1];
    return [
      {
        source,
        destination,
        spi,
        bytes: Number(bytes ?? 0),
        packets: Number(packets ?? 0),
        selector: sel === undefined ? undefined : selectorOf(sel),
        larval: Number(spi) === 0,
      },
    ];
  });
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** An entry begins at the margin; what belongs to it is indented. */
function blocksOf(text: string): string[] {
  return text.split(/\n(?=src )/).filter((block) => block.startsWith('src '));
}

function selectorOf(block: string): Selector {
  const [, source = '', destination = ''] = /^src (\S+) dst (\S+)/.exec(block) ?? [];
  const [first = ''] = block.split('\n');
  return {
    source,
    destination,
    protocol: /\bproto (\S+)/.exec(first)?.[1],
    sourcePort: /\bsport (\S+)/.exec(first)?.[1],
    destinationPort: /\bdport (\S+)/.exec(first)?.[1],
  };
}

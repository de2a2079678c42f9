/** What the laboratory found, as lines of a terminal and as docs/lab.md. */

import type { Wire } from './capture.js';
import { type Cell, cells } from './cells.js';
import type { Outcome } from './connect-cell.js';

export interface Result extends Outcome {
  readonly cell: Cell;
  readonly passed: boolean;
  /** The run ended before it; it counts as failed for those who call. */
  readonly isOpen?: boolean;
}

export interface Versions {
  readonly [program: string]: string;
}

export function lineOf({ cell, passed, failures, seconds, firstAnswer, wire, note, costs = [] }: Result): string {
  const figures = [
    seconds === undefined ? '' : `${seconds.toFixed(1)} s`,
    firstAnswer === undefined ? '' : `first answer ${firstAnswer.toFixed(1)} s`,
    wire === undefined ? '' : wireText(wire),
    ...costs.map(({ step, sent, lost, plaintext }) => `${step}: ${lost}/${sent} lost, ${plaintext} plaintext`),
  ].filter((text) => text !== '');
  const notes = [...failures, ...(note === undefined ? [] : [note])];
  const because = notes.length === 0 ? '' : ` [${notes.join('; ')}]`;
  return `${passed ? 'passed' : 'FAILED'}: ${cell.name}${figures.length === 0 ? '' : ` (${figures.join(', ')})`}${because}`;
}

/**
 * The page of all cells: those of this run, and for the others what the page had before.
 *
 * @param day when the run was made, YYYY-MM-DD
 */
export function labPage(results: readonly Result[], versions: Versions, day: string, before: string): string {
  const rows = rowsOf(results, before);
  const count = (word: string): number => rows.filter((row) => row.split(' | ')[1] === word).length;
  const open = count('not begun');
  const rest = open === 0 ? '' : `, ${open} not begun`;
  return `# The laboratory's last run

This page is written by \`npm run lab -- all --write\`. Whole hosts (Open vSwitch, an IKE daemon, ovs-monitor-ipsec, sshd)
run as namespaces of one virtual machine with the distribution's kernel; the program runs outside and reaches them by
ssh. Everything in the machine is emulated (qemu without KVM), so the seconds are several times those of real hosts.

Last run: ${day}. Cells: ${count('passed')} passed, ${count('**failed**')} failed${rest}. A cell that was not part of the last run keeps its row.

| program | version |
| --- | --- |
${Object.entries(versions)
  .map(([name, version]) => `| ${name} | ${version} |`)
  .join('\n')}

${meaning}## Cells

| cell | result | seconds | first answer | ESP | plain | notes |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

${howTo}`;
}

const meaning = `## What a cell is

Two hosts without the tunnel, and for the first cell of an authentication method without certificates or CA, which later
cells of the method keep. \`ovs-pki-ts connect\` is run once for them. A cell has passed when

- \`connect\` ended with exit status 0 and had proved both ends encrypted;
- 10 pings from each host through the tunnel were all answered;
- tcpdump on the network between them saw ESP from both hosts, and not one tunnel packet (GRE, UDP 6081, UDP 4789) in
  plaintext, from before \`connect\` until after the \`remove\` that ended the cell, although the first host had been
  pinging since its port came into being;
- \`status\` said that both ends are encrypted; a second \`connect\` with the same arguments changed nothing; after
  \`remove\` no ping was answered.

In *misfortunes* a working tunnel goes wrong in one way after the other; such a cell has passed when \`doctor\` named each one.
Then the cure is typed that it told, or what was done is undone; the notes say where the tunnel did not work again in time.

In *fleet* four hosts, two with each daemon, have tunnels in one shape: a mesh, a hub with three spokes, a mesh of three with a spoke (split
horizon), and a mesh of three that shares a tunnel with a hub (RSTP). Such a cell has passed when every host reached every host, when 100
broadcasts from each of three hosts were each seen exactly once at each other host and never came back (counted by tcpdump on the
bridges), when with one tunnel cut just those hosts were apart that [loops.md](loops.md) says and came together afterwards, and when tcpdump
on the network between all four saw ESP from each and nothing of a tunnel in plaintext, from before \`apply\` until after \`remove\`.

In *nat* the second host is behind a router that translates (masquerading; UDP 500 and 4500 of its address go to the host), on a network that
nothing else leads to. Such a cell has passed when all pings were answered and all ESP outside the router was in UDP 4500.

In *takeover* a tunnel was made by hand as the tutorial says, as it is typed there (\`local_ip\` in the name: and with the address of the host),
and comes under an inventory by \`apply\` while both hosts ping each other through it five times a second. Such a cell has passed when no ping was lost
unless \`plan\` had said that the tunnel is interrupted, none when \`apply\` was run again, when \`status\` said encrypted and nothing was seen in plaintext.

In *evolution* an inventory of four hosts changes in ten steps: hosts come, go and come back, one gets another address and then another name,
tunnels get another type, method and shape. Meanwhile pings go, twenty a second, through all tunnels that a step does not concern. Such a cell has passed
when none was lost, and after each step \`status\` said encrypted and \`plan\` was empty.

In *remove* both hosts are compared before \`connect\` and after \`remove\`: the trees of files (owners, modes, links, sizes; the content of all that is of IPsec),
the database, the kernel's policies, security associations and addresses, NSS, and what the IKE daemon has loaded. Such a cell has passed when nothing differed.

*seconds* is the time of \`connect\` (or \`apply\`) from its start to its end. *first answer* is the time from the appearance of the port
in the first host's database, which is when its IKE daemon can begin, until a ping of that host was answered. *ESP* and
*plain* are packets seen by tcpdump. ss is strongSwan, ls is libreswan; the first of a pairing initiates. A cell that
passes only at its second attempt has failed.

`;

const howTo = `## How to run it

On a Debian 12 machine, as root: \`npm run lab\` tries what every build tries, \`npm run lab -- all\` everything, and
\`npm run lab -- 'geneve psk' stt\` the cells whose names have all words of one of the arguments. A release that is not 12 has to be
named: \`npm run lab -- '13 gre ca-signed ss-ss' '12-13 geneve ss-ls'\` (the first host of a pairing has the first release). Roots of
other releases are made with mmdebstrap where they are not there, in some minutes; OVS_PKI_LAB_TREES names the folder that keeps them. \`--write\` writes this page. What is missing (qemu,
a kernel, Open vSwitch, the IKE daemons) is installed with apt-get. The machine needs /dev/net/tun and 8 GB of memory,
no KVM.
`;

/** Of a cell that was not run again, the row that the page had before. */
function rowsOf(results: readonly Result[], before: string): string[] {
  return cells.map((cell) => {
    const result = results.find((item) => item.cell === cell);
    const earlier = before.split('\n').find((line) => line.startsWith(`| ${cell.name} | `));
    return result === undefined ? (earlier ?? rowOf(notBegun(cell))) : rowOf(result);
  });
}

function rowOf({ cell, passed, isOpen, failures, seconds, firstAnswer, wire, note }: Result): string {
  const notes = [...failures, ...(note === undefined ? [] : [note])].join('; ').replaceAll('|', '\\|');
  const columns = [
    cell.name,
    passed ? 'passed' : isOpen ? 'not begun' : '**failed**',
    seconds?.toFixed(1) ?? '',
    firstAnswer?.toFixed(1) ?? '',
    wire?.esp.count ?? '',
    wire?.plaintext.count ?? '',
    notes,
  ];
  return `| ${columns.join(' | ')} |`;
}

function wireText({ esp, plaintext }: Wire): string {
  return `ESP ${esp.count}, plaintext ${plaintext.count}`;
}

export function notBegun(cell: Cell): Result {
  return { cell, passed: false, isOpen: true, failures: ['the time of the run was over'] };
}

/** The figures of docs/renewal.md: what replacing certificates and the CA costs, from the laboratory. */

import { cells } from './cells.js';
import type { Result } from './report.js';

/** What stands above the marker stays, and of a cell that was not run again, the rows that the page had before. */
export function renewalPage(results: readonly Result[], before: string): string {
  const rows = cells
    .filter(({ kind }) => kind === 'renewal' || kind === 'renewal-hub')
    .flatMap((cell) => {
      const result = results.find((item) => item.cell === cell);
      const start = `| ${cell.name.replace('renewal ', '')} | `;
      if (result?.costs === undefined) return before.split('\n').filter((line) => line.startsWith(start));
      return result.costs.map(
        ({ step, sent, lost, plaintext }) => `${start}${step} | ${lost} | ${sent} | ${plaintext} |`,
      );
    });
  return `${before.slice(0, before.indexOf(marker) + marker.length)}

${beginning}
### Figures

| tunnel | what was done | pings lost | of | plaintext packets |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

${methods}`;
}

const marker = '<!-- From here on: written by "npm run lab -- renewal --write". -->';

const beginning = `## What it costs

Two whole hosts in the laboratory ([lab.md](lab.md)) ping each other
through their tunnel every 10 ms, both ways, while \`apply\` gives both a new key and a certificate for it, and while \`rollover\`
replaces the key of their CA. A ping counts as lost where a later one was answered and it was not. Plaintext packets are
those of the tunnel that tcpdump saw outside of ESP. ss is strongSwan, ls is libreswan.

Of *hub* four hosts are: the first of the two daemons at the hub and at two of its spokes, and the other daemon at the third.
One of the two spokes has gone without a word while its tunnel was up. The other two ping the hub, and it pings the first.
`;

const methods = `The last row of a tunnel is the plain way, for comparison: other paths in \`other_config\`, first at one host, ten seconds later
at the other. Everything in the laboratory is emulated, and the IKE daemons compute for longer than those of real hosts.

### How it is done, and why so

| step | strongSwan 5.9.8 | libreswan 4.10 |
| --- | --- | --- |
| The new pair is beside the old one | links of the same names lead to it | and it is imported into NSS, under the same nickname |
| The daemon reads it; what is up stays up | \`ipsec rereadsecrets; ipsec reload\` | \`ipsec whack --rereadcerts\` |
| It is used: a new IKE SA beside the old one | \`ipsec up CONNECTION\` (the connection has another certificate, so the IKE SA is not used again) | the event \`v2-reauth\`, set off with \`ipsec whack --impair\`, then \`ipsec auto --up CONNECTION\` |
| No packet is lost meanwhile | the end that answers goes on sending by the old security association for 8 seconds, or 20 where libreswan asks: a policy of the kernel that ends by itself | the same |
| The old IKE SA goes | charon at the other end takes it away after ten seconds; else \`ipsec down\` | \`ipsec whack --deletestate\` |

What was tried by hand and not chosen, between two hosts with the same daemon (lost of about 1200 pings):

| daemon | way | lost | why not |
| --- | --- | --- | --- |
| strongSwan | \`ipsec update\` | 0 | does nothing: ipsec.conf is the same |
| strongSwan | \`ipsec rereadsecrets; ipsec rereadall\` | 0 | loads the key and not the certificate, which then fit no more |
| strongSwan | \`ipsec up\` without the policy at the other end | 6 to 7 | the end that answers sends by the new security association before the other one has checked the answer |
| strongSwan | both ends at once | 10 | two new IKE SAs, and neither end takes one away |
| libreswan | \`ipsec auto --up\` | 4 | a Child SA under the old IKE SA: nothing is authenticated |
| libreswan | \`ipsec whack --rekey-ike\` | 0 | new keys, and nothing is authenticated |
| libreswan | \`ipsec auto --down\`, then \`--up\` | 74 | 0.4 seconds without a tunnel |
| libreswan | \`v2-reauth\` without the policy at the other end | 4 | as with strongSwan |
| libreswan, opposite to strongSwan | \`v2-reauth\` | 276 | charon takes the old IKE SA away as soon as it sees the new one, which has no Child SA yet |

So between the two daemons strongSwan asks. Where libreswan alone is renewed, opposite to strongSwan, it has read the new certificate, and
it is used when strongSwan authenticates next, which it does about every three hours. Who takes trust in a CA back: charon does so at
once (\`ipsec rereadcacerts; ipsec purgecerts\`); pluto keeps what it has loaded until it is restarted.
`;

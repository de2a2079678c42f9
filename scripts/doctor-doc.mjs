// docs/doctor.md, from the rules of doctor: prints the page to standard output.
import { rules } from '../dist/deploy/doctor/doctor.js';

const rows = rules.map(
  ({ id, severity, meaning }) => `| \`${id}\` | ${severity} | ${meaning.replaceAll('|', '\\|')} |`,
);

process.stdout.write(`# What doctor finds

<!-- Made by "npm run docs:doctor" from src/deploy/doctor; a test holds it against the rules. -->

\`ovs-pki-ts doctor [FILE | --to HOST...]\` asks each host once, changes nothing there, and tells what is wrong with its
programs, its identity, its tunnels and its IKE daemon. Hosts at both ends of a tunnel are seen together, so name both.
Each finding is a sentence with an id that stays the same when the words change, and a cure that can be typed, in the words of
that host's system (apt-get, dnf or zypper; systemctl, service or ovs-ctl; firewalld, ufw or nftables):

    host_1:
      error: strongSwan has not read the CA certificate /etc/ipsec.d/cacerts/ovs-ca.pem: it believes no peer [ca-not-loaded]
        cure, on host_1: ipsec rereadcacerts

Of an error a tunnel does not work, or is not as safe as it should be; a warning is about what may go wrong later. The exit
status is 0 where no error was found, 4 where one was, and 6 where some host could not be asked. With \`--json\`, findings are
\`{ id, severity, host, port, message, cure, at }\`; \`at\` says where the cure is typed: on the \`host\`, or \`here\`.

| id | weight | what it finds |
|---|---|---|
${rows.join('\n')}
`);

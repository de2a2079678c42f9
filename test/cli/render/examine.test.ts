import test from 'ava';
import { doctorText } from '../../../src/cli/render/doctor.js';
import { statusText } from '../../../src/cli/render/status.js';
import { hostStatus } from '../../../src/deploy/doctor/host-status.js';
import { capturedFacts, examinedHost } from '../../support/host-answers.js';

test('doctor groups what it found by host, and says where nothing was found', (t) => {
  const finding = {
    id: 'x-y',
    severity: 'error',
    host: 'b',
    port: undefined,
    message: 'is \u001b[31mred',
    cure: 'cure it',
    at: 'host',
  } as const;
  const findings = [finding, { ...finding, severity: 'warning', message: 'is late', at: 'here' } as const];
  t.is(
    doctorText({ hosts: ['a', 'b'], findings, unasked: [] }),
    `a: nothing found
b:
  error: is \\u{1b}[31mred [x-y]
    cure, on b: cure it
  warning: is late [x-y]
    cure, here: cure it
`,
  );
});

test('status is one line for the host, one for its identity and one for each tunnel', (t) => {
  const status = (name: string) => hostStatus(examinedHost(name, capturedFacts(name)));
  t.is(
    statusText({ ...status('strongswan-gre-ca-signed'), findings: { errors: 0, warnings: 0 } }),
    `strongswan-gre-ca-signed (lab1-1): Open vSwitch 3.1.0, strongswan 5.9.8, Linux 6.1.0-56-amd64
  identity: C=US, ST=CA, O=Open vSwitch, OU=Open vSwitch certifier, CN=lab1-1, serial 02, until 2036-11-19, in use
  tun (gre, ca-signed) to lab1-2: encrypted, 472 bytes of ESP out, 398 in
`,
  );
  const broken = statusText({ ...status('libreswan-geneve-invalid'), findings: { errors: 1, warnings: 2 } });
  t.regex(
    broken,
    /^ {2}tun \(geneve, ca-signed\) to lab2-2: NOT ENCRYPTED: ovs-monitor-ipsec has not configured it: must set/m,
  );
  t.regex(broken, /^ {2}1 error and 2 warnings, see: ovs-pki-ts doctor$/m);
});

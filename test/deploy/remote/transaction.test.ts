import test from 'ava';
import { libreswan } from '../../../src/deploy/ike/libreswan.js';
import { forgetScript } from '../../../src/deploy/remote/ike-scripts.js';
import { placeFunctions } from '../../../src/deploy/remote/scripts.js';
import { run } from '../../support/programs.js';

test('of ports whose names look alike, the connections of the one that is gone are forgotten', async (t) => {
  const connections = ['t.1-1', 't.1-in-2', 'tx1-1', 't.1-1-1', 't.12-1'];
  const status = connections.map((name) => `000 "${name}": 192.0.2.1/32:47/0===192.0.2.2`).join('\n');
  const ipsec = `ipsec() {
  case $1 in
  status) printf '%s\\n' '${status}' ;;
  auto) printf '%s\\n' "$3" >&3 ;;
  esac
}
`;
  const script = `exec 3>&1\n${placeFunctions()}${libreswan.script('4.10')}${ipsec}${forgetScript(['t.1'])}`;
  const { stdout, stderr } = await run('sh', ['-c', script]);
  t.is(stdout, 't.1-1\nt.1-in-2\n', stderr);
});

import { visible } from '../../platform/visible.js';
import { type SetupResult, setup } from '../../usecases/certificate/setup.js';
import { type CertificateType, nameFault } from '../../usecases/inputs.js';
import { namesAndTypeOf } from '../options/names.js';
import { askText } from '../options/prompt.js';
import { keySpecOf, keyWarnings, lifeOf, pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { withDirectory } from '../render/hint.js';
import { startProgress } from '../render/progress.js';
import { endText } from '../render/text.js';

export async function run(context: CommandContext<'setup'>): Promise<Outcome> {
  const { platform, options } = context;
  const isAsking = context.operands.length === 0 && options.names === undefined;
  const { names, type } = isAsking
    ? { names: await askNames(), type: 'switch' as const }
    : await namesAndTypeOf(context);
  const pkiDirectory =
    isAsking && options.dir === undefined
      ? await askText('Where is the PKI directory to be?', pkiDirectoryOf(options), '--dir DIR', notEmpty)
      : pkiDirectoryOf(options);
  const keySpec = keySpecOf(options);
  const progress = await startProgress('making certificates', names.length);
  const request = { pkiDirectory, names, type, keySpec, ...lifeOf(context), onProgress: progress.update };
  const result = await setup(platform, request).finally(progress.stop);
  const signed = outcomeOf(result.signed, () => '');
  const verified = outcomeOf(result.verified, () => '');
  const isInvalid = result.verified.some(({ outcome }) => outcome === 'invalid');
  return {
    exitStatus: signed.exitStatus || verified.exitStatus || (isInvalid ? 4 : 0),
    text: setupText(result, type, options.dir),
    json: { ...result },
    errors: [...signed.errors, ...verified.errors],
    warnings: keyWarnings(keySpec),
  };
}

async function askNames(): Promise<string[]> {
  const names: string[] = [];
  for (const number of [1, 2]) {
    const fault = (typed: string) =>
      names.includes(typed) ? 'the two hosts must have different names' : nameFault(typed);
    const message = `Name of host ${number} (its system-id with OVN):`;
    names.push(await askText(message, `host_${number}`, 'the names of the hosts: setup NAME NAME', fault));
  }
  return names;
}

function notEmpty(typed: string): string | undefined {
  return typed === '' ? 'type a path' : undefined;
}

function setupText(
  { pkiDirectory, caCertificateFile, made, signed, verified }: SetupResult,
  type: CertificateType,
  directory: string | undefined,
): string {
  const lines = [made === undefined ? `PKI: ${pkiDirectory}, as it was` : `PKI: ${pkiDirectory}, new`];
  const good = new Set(verified.flatMap((item) => (item.outcome === 'valid' ? [item.name] : [])));
  const isNew = new Set(signed.map(({ name }) => name));
  for (const item of verified) {
    if (item.outcome === 'refused') continue;
    const state = good.has(item.name) ? 'verified' : 'NOT valid';
    const before = isNew.has(item.name) ? '' : ', as it was';
    lines.push(
      `${item.name}: ${item.file} ${state}, valid until ${endText(item.certificate)}, ` +
        `key in ${item.name}-privkey.pem${before}`,
      ...item.reasons.map(({ message }) => `  ${visible(message)}`),
    );
  }
  const bad = verified.flatMap((item) => (item.outcome === 'invalid' ? [item.name] : []));
  if (bad.length > 0) {
    const words = [...bad, ...(type === 'switch' ? [] : [type])].join(' ');
    const again = withDirectory(`ovs-pki-ts req+sign --unique --force ${words}`, directory);
    lines.push('', `what is not valid is made again, with new keys, by: ${again}`);
  }
  const [first] = [...good];
  if (first !== undefined) lines.push('', ...nextSteps(caCertificateFile, [...good]));
  return `${lines.join('\n')}\n`;
}

/** The steps of the OVS IPsec tutorial that come after the certificates, for the first host. */
function nextSteps(caCertificateFile: string, names: readonly string[]): string[] {
  const [host = '', peer = 'PEER'] = names;
  return [
    `Next, on ${host} with strongSwan (libreswan: /etc/keys for all three), and likewise on the others:`,
    `  install -m 644 ${host}-cert.pem /etc/ipsec.d/certs/`,
    `  install -m 600 ${host}-privkey.pem /etc/ipsec.d/private/`,
    `  install -m 644 ${caCertificateFile} /etc/ipsec.d/cacerts/`,
    '  ipsec rereadcacerts',
    '  ovs-vsctl set Open_vSwitch . \\',
    `    other_config:certificate=/etc/ipsec.d/certs/${host}-cert.pem \\`,
    `    other_config:private_key=/etc/ipsec.d/private/${host}-privkey.pem \\`,
    '    other_config:ca_cert=/etc/ipsec.d/cacerts/cacert.pem',
    '  ovs-vsctl add-port br-ipsec tun -- set interface tun type=gre \\',
    `    options:remote_ip=ADDRESS_OF_${peer} options:remote_name=${peer}`,
  ];
}

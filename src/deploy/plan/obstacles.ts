/**
 * What stands against the plan of a host: all of it is looked at before anything is changed.
 *
 * @module
 */

import { hostFindings } from '../../pki/lint/leaf-rules.js';
import { formatName } from '../../pki/name.js';
import { shellCommand } from '../../platform/quote.js';
import { type Fact, knownValue } from '../facts/fact.js';
import type { Fault } from '../fitness/fault.js';
import { missingPackages } from '../fitness/packages.js';
import type { FitnessRule, Purpose } from '../fitness/rule.js';
import { confinementFault, fitnessRules } from '../fitness/rules.js';
import { packagesThere } from '../system/system.js';
import { isGoing, isMeant } from '../tunnels/matching.js';
import { tunnelsOn } from '../tunnels/ownership.js';
import type { Obstacle } from './action.js';
import { goesFromCertificates } from './identity.js';
import { certificateEnds, daemonFor, type HostInput, interfaceOf, placesFor } from './input.js';
import { goneTunnels } from './leftovers.js';
import { strangerObstacles, strangerWarnings } from './strangers.js';

interface Found {
  readonly obstacles: readonly Obstacle[];
  readonly warnings: readonly string[];
}

export function hostObstacles(input: HostInput): Found {
  const obstacles = [
    ...unknownFacts(input),
    ...unfitFor(input, purposesOf(input)),
    ...mixedMethods(input),
    ...unfitIdentity(input),
    ...otherPorts(input),
    ...strangerObstacles(input),
    ...input.loops.obstacles,
  ];
  const tunnel = input.desired.ends.length === 0 ? [] : unfitFor(input, ['tunnel']);
  const wiring = [...tunnel, ...addresses(input)];
  if (input.prove || input.desired.ends.length === 0) {
    const all = [...obstacles, ...(input.prove ? wiring : [])];
    return { obstacles: all, warnings: [...warningsOf(input), ...packageWarnings(input, all)] };
  }
  return {
    obstacles,
    warnings: [...warningsOf(input), ...wiring.map(({ message }) => message), ...packageWarnings(input, obstacles)],
  };
}

/** What would be installed first, where that were asked for. */
function packageWarnings({ desired, facts }: HostInput, obstacles: readonly Obstacle[]): string[] {
  const missing = missingPackages(desired, facts);
  if (missing === undefined || obstacles.every(({ packages }) => packages === undefined)) return [];
  const packages = missing.packages.join(' ');
  return [`${desired.name}: lacks packages; with --install-packages, apply and connect first install ${packages}`];
}

/** What the wish asks of the host, besides tunnels that come up. */
function purposesOf({ desired, crls }: HostInput): Purpose[] {
  return [
    'change',
    ...(desired.identity === undefined ? [] : (['identity'] as const)),
    ...(crls.length === 0 ? [] : (['crl'] as const)),
    ...(desired.ends.length > 0 && desired.plaintext === '0/1' ? (['guard'] as const) : []),
  ];
}

/** The rules of `doctor` that stand against it. */
function unfitFor(input: HostInput, purposes: readonly Purpose[]): Obstacle[] {
  const { name } = input.desired;
  return fitnessRules
    .filter(({ blocks }) => blocks.some((purpose) => purposes.includes(purpose)))
    .flatMap((rule) =>
      found(rule, input).map(
        (fault): Obstacle => ({
          id: rule.id,
          code: rule.code ?? 'HOST_UNFIT',
          message: `${name}: ${fault.message}`,
          ...cureFor(input, fault),
        }),
      ),
    );
}

function cureFor({ desired, facts }: HostInput, { cure, packages }: Fault): Pick<Obstacle, 'hint' | 'packages'> {
  const hint = `${cure}, on ${desired.target.destination}`;
  if (packages === undefined || facts.system.packageManager === 'other') return { hint };
  return { hint: `${hint}, or let --install-packages do it`, packages: packagesThere(facts.system, packages) };
}

function found({ find }: FitnessRule, input: HostInput): readonly Fault[] {
  return find({ facts: input.facts, daemon: daemonFor(input), hasCrls: input.crls.length > 0 });
}

function unfit(message: string, hint: string): Obstacle {
  return { code: 'HOST_UNFIT', message, hint };
}

function unknownFacts(input: HostInput): Obstacle[] {
  const { desired, facts } = input;
  const needed: readonly (readonly [string, Fact<unknown>])[] = [
    ['its addresses', facts.addresses],
    ...(desired.plaintext === '0/1' && desired.ends.length > 0
      ? [['the policies of its kernel', facts.policies] as const]
      : []),
    ...placedFiles(facts),
    ...(desired.identity === undefined ? [] : folders(input)),
  ];
  return needed.flatMap(([what, fact]): Obstacle[] => {
    if (fact.state === 'unknown') {
      return [
        {
          code: 'HOST_FACT_UNKNOWN',
          message: `${desired.name}: ${what} could not be read: ${fact.reason}`,
          hint: `see what is wrong there: ${shellCommand`ovs-pki-ts doctor --to ${desired.target.destination}`}`,
        },
      ];
    }
    return [];
  });
}

/** The files that the database names: a plan must not guess what is in them. */
function placedFiles({ ovsdb, files }: HostInput['facts']): [string, Fact<unknown>][] {
  const config = knownValue(ovsdb)?.otherConfig ?? {};
  return ['certificate', 'private_key', 'ca_cert'].flatMap((key): [string, Fact<unknown>][] => {
    const fact = files.get(config[key] ?? '');
    return fact === undefined || isDamaged(fact) ? [] : [[`other_config:${key}`, fact]];
  });
}

/** A folder that cannot be looked into may hold a key or a certificate that would be used. */
function folders(input: HostInput): [string, Fact<unknown>][] {
  return [...new Set(Object.values(placesFor(input)))].flatMap((folder): [string, Fact<unknown>][] => {
    const fact = input.facts.files.get(`${folder}/*`);
    return fact === undefined ? [] : [[`the folder ${folder}`, fact]];
  });
}

/** A file that can be read but holds no certificate is known well enough: it will be replaced. */
function isDamaged(fact: Fact<unknown>): boolean {
  return fact.state === 'unknown' && !/permission|denied|input\/output/i.test(fact.reason);
}

/** ovs-monitor-ipsec takes a host's certificate for all of its tunnels: with one, every PSK tunnel is INVALID. */
function mixedMethods(input: HostInput): Obstacle[] {
  const { desired, facts } = input;
  const database = knownValue(facts.ovsdb);
  const going = new Set(goneTunnels(input).map(({ port }) => port));
  const isNamed = (name: string): boolean =>
    going.has(name) || desired.ends.some(({ port, before }) => port === name || before === name);
  const pskPorts = [
    ...(database?.interfaces ?? [])
      .filter(({ psk, name }) => psk !== undefined && !isNamed(name))
      .map(({ name }) => name),
    ...desired.ends.filter(({ method }) => method === 'psk').map(({ port }) => port),
  ];
  const certificate = desired.identity !== undefined || certificateEnds(desired).length > 0;
  const present = database?.otherConfig['certificate'] ?? database?.otherConfig['private_key'];
  if (pskPorts.length === 0 || (!certificate && present === undefined) || goesFromCertificates(input)) return [];
  return [
    {
      code: 'AUTH_METHODS_MIXED',
      message: `${desired.name}: the ports ${pskPorts.join(', ')} use PSKs, and ${
        certificate ? 'certificates are wanted' : `other_config:certificate is set (${present})`
      }: ovs-monitor-ipsec takes one or the other for a whole host`,
      hint: certificate
        ? `move those ports to certificates too, or take them away: ${shellCommand`ovs-pki-ts remove --to ${desired.target.destination} --port ${pskPorts[0]}`}`
        : `take the certificate away first: ${shellCommand`ovs-pki-ts remove --to ${desired.target.destination} --identity`}`,
    },
  ];
}

function unfitIdentity({ desired, identity, now }: HostInput): Obstacle[] {
  if (identity === 'enroll' && desired.identity?.keySpec.type === 'ec') {
    return [
      {
        code: 'IDENTITY_UNFIT',
        message: `${desired.name} would make its own key, and hosts make RSA keys only`,
        hint: `make the EC key here: ovs-pki-ts req+sign --unique --key ec ${desired.name}`,
      },
    ];
  }
  if (identity === undefined || identity === 'enroll') return [];
  const { certificate } = identity;
  const because: string[] = hostFindings(certificate, desired.name).map(({ message }) => message);
  if (certificate.notAfter < now) because.push(`it expired on ${certificate.notAfter.toISOString().slice(0, 10)}`);
  if (certificate.notBefore > now) because.push(`it is valid only from ${certificate.notBefore.toISOString()}`);
  if (because.length === 0) return [];
  return [
    {
      code: 'IDENTITY_UNFIT',
      message: `the certificate ${formatName(certificate.subject)} cannot be the identity of ${desired.name}: ${because.join('; ')}`,
      hint: `make a good one: ovs-pki-ts req+sign --unique --force ${desired.name}`,
    },
  ];
}

function addresses({ desired, facts }: HostInput): Obstacle[] {
  const own = knownValue(facts.addresses);
  if (own === undefined) return [];
  return [...new Set(desired.ends.map(({ localIp }) => localIp))]
    .filter((address) => !own.includes(address))
    .map((address) =>
      unfit(
        `${desired.name} does not have the tunnel address ${address} (it has ${own.join(', ')})`,
        `give the address that its peers reach it at: ${desired.name}.address in the inventory, or --tunnel-address ${desired.name}=ADDRESS`,
      ),
    );
}

/** A port of that name that is something else must not be taken over. */
function otherPorts(input: HostInput): Obstacle[] {
  const tunnels = tunnelsOn(input.facts);
  return input.desired.ends.flatMap((end) => {
    const found = interfaceOf(input, end);
    if (found === undefined) return [];
    const at = `${input.desired.name}: the port ${end.port}`;
    const hint = 'choose another name for the port: --port NAME, or "port" in the inventory';
    const tunnel = tunnels.find(({ port }) => port === end.port);
    const isTakenOver = tunnel?.isOurs === true && (end.before === end.port || isGoing(tunnel, input.desired.others));
    if (isTakenOver) return [];
    if (found.bridge !== end.bridge && tunnel?.isOurs !== true)
      return [unfit(`${at} is on the bridge ${found.bridge ?? 'of nobody'}, not ${end.bridge}`, hint)];
    if (found.type !== end.type) return [unfit(`${at} is of type ${found.type || 'system'}, not ${end.type}`, hint)];
    if (tunnel === undefined || isMeant(end, tunnel)) return [];
    const to = tunnel.peer === undefined ? tunnel.remoteIp : `${tunnel.peer} (${tunnel.remoteIp})`;
    const also = shellCommand`or take that tunnel away: ovs-pki-ts remove --to ${input.desired.target.destination} --port ${end.port}`;
    return [unfit(`${at} is a tunnel to ${to}, not to ${end.peer} (${end.remoteIp})`, `${hint}; ${also}`)];
  });
}

function warningsOf(input: HostInput): string[] {
  const { desired, facts } = input;
  const warnings = strangerWarnings(input);
  for (const rule of fitnessRules.filter(({ severity }) => severity === 'warning')) {
    warnings.push(...found(rule, input).map(({ message }) => `${desired.name}: ${message}`));
  }
  const confined = confinementFault(daemonFor(input), facts, Object.values(placesFor(input)));
  if (confined !== undefined) warnings.push(`${desired.name}: ${confined}`);
  return warnings;
}

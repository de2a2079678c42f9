/**
 * Taking tunnels and identities away again. Tunnels go first: one that outlived its identity would go on in plaintext.
 *
 * @module
 */

import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { shownWord } from '../../platform/quote.js';
import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { isTunnelType } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { OvsDatabase, PortFact } from '../facts/ovsdb.js';
import { fitnessRules } from '../fitness/rules.js';
import { existingEnds } from '../tunnels/existing.js';
import { marks, tunnelsOn } from '../tunnels/ownership.js';
import { guardedWays } from '../tunnels/packets.js';
import type { Action, HostPlan, Obstacle } from './action.js';
import { bridgePortsBack } from './bridge-ports.js';
import { goingThings } from './effects.js';
import { isIdentityLink, isOurAuthorityFile, isOurFile } from './identity-files.js';
import { emptiedBridges } from './leftovers.js';
import { endOfRstp } from './loop-actions.js';

/** What is to be taken away from a host. */
export interface Removal {
  /** Ports by name; `all` are those of all encrypted tunnels. */
  readonly ports: readonly string[] | 'all';
  /** All other tunnels that we made go, too. */
  readonly ours?: boolean;
  readonly identity: boolean;
  /** `ipsec_skb_mark` goes too, where no encrypted tunnel is left. */
  readonly plaintext: boolean;
}

export function planRemoval({ name, target }: DesiredHost, facts: PlanningFacts, removal: Removal): HostPlan {
  const database = knownValue(facts.ovsdb);
  const ends = existingEnds(facts);
  const chosen = chosenPorts(facts, removal);
  const found = (database?.interfaces ?? []).filter((item) => chosen.includes(item.name));
  const left = ends.filter(({ port }) => !chosen.includes(port));
  const obstacles = obstaclesOf(
    name,
    facts,
    removal,
    left.filter(({ method }) => method !== 'psk').map(({ port }) => port),
    found.filter(({ type }) => !isTunnelType(type)).map((item) => item.name),
    brokenBonds(database, chosen),
  );
  if (database === undefined || obstacles.length > 0)
    return { host: name, target, actions: [], warnings: [], obstacles };
  const { otherConfig } = database;
  const config = (['certificate', 'private_key', 'ca_cert'] as const).filter((key) => otherConfig[key] !== undefined);
  const mark = left.length > 0 ? { actions: [], warnings: [] } : markBack(name, database, removal);
  const taken: Action[] = [
    ...found.map((item): Action => ({ kind: 'remove-port', port: item.name, bridge: item.bridge ?? '' })),
    ...endOfRstp(facts, new Set(tunnelBridges(database, chosen))),
    ...(removal.identity
      ? config.map((key): Action => ({ kind: 'other_config', key, from: otherConfig[key], to: undefined }))
      : []),
    ...mark.actions,
    ...guardedWays(facts)
      .filter((way) => !left.some((other) => isSameWay(other, way)))
      .map(({ type, remoteIp }): Action => ({ kind: 'unguard', port: '', type, localIp: '', remoteIp })),
    ...goneFiles(facts, removal, new Set(left.map(({ port }) => port))).map(
      (path): Action => ({ kind: 'remove-file', path }),
    ),
  ];
  const emptied = emptiedBridges(database, taken, new Set());
  // With a bridge goes what it had.
  const kept = [...tunnelBridges(database, chosen), ...emptied.flatMap((one) => ('bridge' in one ? [one.bridge] : []))];
  const actions = [...taken, ...bridgePortsBack(database, new Set(kept)), ...emptied];
  const missing =
    removal.ports === 'all' ? [] : removal.ports.filter((port) => !found.some((item) => item.name === port));
  const warnings = [...missing.map((port) => `${name} has no port ${port} that is a tunnel`), ...mark.warnings];
  return { host: name, target, actions, warnings, obstacles };
}

/** The identity that goes with these actions: the common name of its certificate, and the files of CAs among them. */
export function leavingIdentity(
  facts: PlanningFacts,
  actions: readonly Action[],
): { readonly name: string; readonly authorities: readonly string[] } | undefined {
  const gone = actions.find((action) => action.kind === 'other_config' && action.key === 'certificate');
  if (gone?.kind !== 'other_config' || gone.to !== undefined || gone.from === undefined) return undefined;
  const fact = facts.files.get(gone.from);
  const file = fact === undefined ? undefined : knownValue(fact);
  if (file?.kind !== 'certificate') return undefined;
  const [name] = attributeValues(file.certificates[0].subject, oid.commonName);
  if (name === undefined) return undefined;
  const { files } = goingThings(actions);
  return { name, authorities: files.filter((path) => isOurAuthorityFile(path) && !isIdentityLink(path)) };
}

/** The bridges that keep a tunnel. */
function tunnelBridges({ interfaces }: OvsDatabase, gone: readonly string[]): string[] {
  return interfaces.flatMap(({ name, type, bridge }) =>
    bridge !== undefined && isTunnelType(type) && !gone.includes(name) ? [bridge] : [],
  );
}

function chosenPorts(facts: PlanningFacts, { ports, ours }: Removal): readonly string[] {
  if (ports === 'all') return existingEnds(facts).map(({ port }) => port);
  const others = ours === true ? tunnelsOn(facts).filter(({ isOurs }) => isOurs) : [];
  return [...new Set([...ports, ...others.map(({ port }) => port)])];
}

/** `ipsec_skb_mark` as it was before the first apply, which has written that down; earlier versions did not. */
function markBack(
  name: string,
  { otherConfig, externalIds }: OvsDatabase,
  { plaintext }: Removal,
): { readonly actions: readonly Action[]; readonly warnings: readonly string[] } {
  const [from, before] = [otherConfig['ipsec_skb_mark'], externalIds[marks.skbMark]];
  if (before === undefined && (from === undefined || plaintext))
    return { actions: from === undefined ? [] : [{ kind: 'plaintext', from, to: undefined }], warnings: [] };
  if (before !== undefined) {
    const to = before === 'none' ? undefined : before;
    return { actions: [{ kind: 'plaintext', from, to, restores: true }], warnings: [] };
  }
  const why = `ipsec_skb_mark=${from} stays, and drops unencrypted tunnels: nothing says that ovs-pki-ts has set it`;
  const cure = 'ovs-vsctl remove Open_vSwitch . other_config ipsec_skb_mark';
  return { actions: [], warnings: [`${name}: ${why}; if it has: ${cure}`] };
}

/** Bonds that would go with one of their interfaces, although another one is to stay. */
function brokenBonds(database: OvsDatabase | undefined, chosen: readonly string[]): readonly PortFact[] {
  return (database?.ports ?? []).filter(
    ({ interfaces }) =>
      interfaces.some((item) => chosen.includes(item)) && !interfaces.every((item) => chosen.includes(item)),
  );
}

/** @param left tunnels that need the certificate, and `others`: ports that are to go and are no tunnels */
function obstaclesOf(
  name: string,
  facts: PlanningFacts,
  { identity }: Removal,
  left: readonly string[],
  others: readonly string[],
  bonds: readonly PortFact[],
): Obstacle[] {
  const about = fitnessRules.filter(({ blocks }) => blocks.includes('change'));
  const unfit = about.flatMap((rule) =>
    rule.find({ facts, daemon: undefined, hasCrls: false }).map(
      ({ message, cure }): Obstacle => ({
        ...{ id: rule.id, code: rule.code ?? 'HOST_UNFIT', message: `${name}: ${message}` },
        hint: `${cure}, on the host`,
      }),
    ),
  );
  const refused = (message: string, hint: string): Obstacle => ({ code: 'HOST_UNFIT', message, hint });
  return [
    ...unfit,
    ...(others.length === 0
      ? []
      : [
          refused(
            `${name}: ${others.join(', ')} is no tunnel, and only tunnels are taken away`,
            'see which tunnels there are: ovs-pki-ts status',
          ),
        ]),
    ...bonds.map((bond) =>
      refused(
        `${name}: ${bond.interfaces.join(', ')} are one port, the bond ${bond.name}, and would go together`,
        `name all of them: --port ${bond.interfaces.map(shownWord).join(' ')}; or make a bond of those that stay: ovs-vsctl add-bond`,
      ),
    ),
    ...(!identity || left.length === 0
      ? []
      : [
          refused(
            `${name}: the tunnels ${left.join(', ')} need its certificate; without it they would go on in plaintext`,
            `take them away too: --port ${left.map(shownWord).join(' ')}`,
          ),
        ]),
  ];
}

type Way = Pick<TunnelEnd, 'type' | 'remoteIp'>;

/** One drop policy stands for all tunnels of a type to one address. */
function isSameWay(one: Way, other: Way): boolean {
  return one.type === other.type && one.remoteIp === other.remoteIp;
}

/** Files that we put there, and that nothing needs any more. */
function goneFiles({ files, links, ovsdb }: PlanningFacts, { identity }: Removal, left: ReadonlySet<string>): string[] {
  const database = knownValue(ovsdb);
  const needed = new Set<string | undefined>(
    (database?.interfaces ?? []).filter(({ name }) => left.has(name)).map(({ options }) => options['remote_cert']),
  );
  const config = database?.otherConfig ?? {};
  const target = (path: string | undefined): string | undefined => (path && links.get(path)) ?? path;
  if (!identity) {
    for (const key of ['certificate', 'private_key', 'ca_cert']) needed.add(config[key]).add(target(config[key]));
  }
  return [...files]
    .filter(([path, { state }]) => (state === 'known' || links.has(path)) && !needed.has(path))
    .map(([path]) => path)
    .filter(
      (path) =>
        (isOurFile(path) && (identity || isPeerCertificate(path, target(config['certificate'])))) ||
        (identity && (isOurAuthorityFile(path) || (links.has(path) && isIdentityLink(path)))),
    );
}

/** The certificates of peers lie beside the host's own, with other names. */
function isPeerCertificate(path: string, own: string | undefined): boolean {
  const nameIn = (file: string): string =>
    file.slice(file.lastIndexOf('/') + 1).replace(/-[0-9a-f]{16}-(cert|privkey)\.pem$/, '');
  return path.endsWith('-cert.pem') && (own === undefined || nameIn(path) !== nameIn(own));
}

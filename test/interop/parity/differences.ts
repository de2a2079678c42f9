/**
 * The differences that are meant to be, by the id of their row in docs/compatibility.md: for each, which of the things
 * that differ between two runs it explains. What none of them explains is a fault.
 */

import type { Observation, TwinRuns } from './observe.js';

/** One thing that differs; undefined where a run has not made it or not changed it. */
interface Difference {
  readonly what: string;
  readonly theirs: string | undefined;
  readonly ours: string | undefined;
}

type Explains = (difference: Difference, runs: TwinRuns) => boolean;

const differences = {
  'exit-status': changed(/^exit status$/, /^[12]$/, /^[2-5]$/),
  'error-text': ({ what, ours = '' }, runs) =>
    what === 'stderr' && bothFail(runs) && /^ovs-pki-ts: error: .+ \[[A-Z_]+\]$|: not valid$/m.test(ours),
  'output-of-failures': ({ what, ours }, runs) => what === 'stdout' && bothFail(runs) && ours === '',
  'help-and-version': changed(/^stdout$/, /^ovs-pki(, for managing| \(Open vSwitch\))/, /ovs-pki-ts/),
  'several-names': accepted(/only two arguments|must have exactly one argument|type argument must be/, 'in part'),
  'option-spelling': either(accepted(/^unrecognized option --/), refused(/\[USAGE\]/)),
  'unused-options': accepted(/argument to -(k|B) or/),
  'value-zero': accepted(/^$/),
  'empty-bits': refused(/--bits takes a number, not "" \[USAGE\]/),
  'init-arguments': refused(/init takes no arguments.*\[USAGE\]/),
  'no-terminal': refused(/\[PROMPT_IMPOSSIBLE\]/),
  names: refused(/\[NAME_INVALID\]/),
  'names-in-folders': ({ what, theirs = '', ours = '' }) =>
    /subject$|Subject Alternative Name$|rows$/.test(what) && theirs.replaceAll(/(CN=|DNS:)\S*\//g, '$1') === ours,
  'request-rules': refused(/\[(REQUEST_REFUSED|KEY_MISMATCH)\]/),
  dsa: refused(/\[KEY_TYPE_UNSUPPORTED\]/),
  ec: accepted(/must be rsa or dsa/),
  'key-size': either(
    changed(/: key$/, /\(2048 bit/, /\(3072 bit/),
    refused(/RSA keys have 2048 to 8192 bits here.*\[KEY_SIZE_REFUSED\]/),
  ),
  'checked-first': ({ what, theirs, ours }, runs) =>
    bothFail(runs) && !/^(exit status|stdout|stderr)$/.test(what) && theirs !== undefined && ours === undefined,
  'verify-strictness': refused(/^[^ ]+: not valid\n {2}/),
  'fingerprint-of-nothing': refused(/\[(FILE_UNREADABLE|PEM_INVALID)\]/),
  'dangling-links': refused(/\[FILE_EXISTS\]/),
  dates: ({ what, theirs, ours = '' }) =>
    what === 'stdout' && (theirs === ours.replaceAll('Feb', 'FEB') || / 04:05:06 \+00 2024$/m.test(ours)),
  'serial-numbers': either(
    changed(/: serial number$/, /^a small number$/, /^random$/),
    onlyTheirs(/\/serial(: form)?$/, /^changed|^a serial number$/),
  ),
  'ca-extensions': changed(
    /(cacert|<serial>)\.pem: extension X509v3 (Basic Constraints|Key Usage|Authority Key Identifier)$/,
    /^(CA:TRUE)?$/,
    /^(critical CA:TRUE, pathlen:0|critical Certificate Sign, CRL Sign|<hash>)$/,
  ),
  'leaf-extensions': changed(
    /\.pem: extension X509v3 (Basic Constraints|(Extended )?Key Usage|Authority Key Identifier)$/,
    /^(CA:FALSE)?$/,
    /^(critical CA:FALSE|critical Digital Signature(, Key Encipherment)?|TLS Web Server.*Key Exchange|<hash>)$/,
  ),
  'san-added': changed(/: extension X509v3 Subject Alternative Name$/, /^$/, /^DNS:no_san$/),
  'not-before': changed(/: begins$/, /^now$/, /^an hour ago$/),
  'not-after': changed(/: ends$/, /^3650 days from now, later than its CA$/, /^3650 days from now$/),
  'self-sign-name': changed(/: extension X509v3 Subject Alternative Name$/, /^DNS:\S+$/, /^DNS:\S+ id:<uuid>$/),
  'ca-key-mode': changed(/private\/cakey\.pem$/, /^(new|changed) file 0700$/, /^(new|changed) file 0600$/),
  'ca-config': changed(/\/ca\.cnf: text$/, /copy_extensions = copy/, /^# Configuration of this CA/),
  'ca-folder-files': either(
    onlyTheirs(/\/(index\.txt|index\.txt\.attr|serial)\.old(: \w+)?$/, /^/),
    changed(/ca\/(audit\.log|lock|keys|keys\/\w+)$/, /^$/, /^(new|changed) (file|folder) 0\d{3}$/),
  ),
  'kept-modes': changed(
    /\/(index\.txt|index\.txt\.attr|serial)$/,
    /^changed file 06[06][04]$/,
    /^(changed file 0644)?$/,
  ),
  'init-again': either(
    changed(/^pki\/(controller|switch)ca\.old-<time>(\/|$)/, /^$/, /./s),
    changed(/^pki\/\w+ca\/(newcerts\/|index\.txt|serial|ca\.cnf)/, /./s, /./s),
    changed(/^pki\/\w+ca\/(newcerts\/|index\.txt|serial|ca\.cnf)/, /^$/, /./s),
    onlyTheirs(/^pki\/\w+ca\/(newcerts\/|index\.txt\.old|serial)/, /^/),
    changed(/^stderr$/, /^Creating/, /warning: the CA that was there before is kept in/),
  ),
  'log-file': either(
    changed(/own\.log$/, /^new file 0644$/, /^new file 0640$/),
    changed(/^a$/, /^new folder 0755$/, /^new folder 0750$/),
    changed(/own\.log$/, /^$/, /^new file 0640$/),
    onlyTheirs(/own\.log$/, /^new file 0644$/),
  ),
  'log-optional': accepted(/\/var\/log\/openvswitch/),
} as const satisfies Record<string, Explains>;

export type DifferenceId = keyof typeof differences;
export const differenceIds = Object.keys(differences) as DifferenceId[];

/** What differs that none of the named differences explains, and which of them do occur. */
export function explain(
  runs: TwinRuns,
  named: readonly DifferenceId[],
): { unexplained: Difference[]; shown: string[] } {
  const found = compare(runs);
  const unexplained = found.filter((item) => !named.some((id) => differences[id](item, runs)));
  return { unexplained, shown: named.filter((id) => found.some((item) => differences[id](item, runs))).sort() };
}

function compare({ theirs, ours }: TwinRuns): Difference[] {
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])]
    .filter((what) => theirs[what] !== ours[what])
    .map((what) => ({ what, theirs: theirs[what], ours: ours[what] }));
}

function either(...several: readonly Explains[]): Explains {
  return (difference, runs) => several.some((explains) => explains(difference, runs));
}

/** One value has become another; what a run has not made is an empty text here. */
function changed(what: RegExp, theirs: RegExp, ours: RegExp): Explains {
  return (difference) =>
    what.test(difference.what) && theirs.test(difference.theirs ?? '') && ours.test(difference.ours ?? '');
}

/** Ours has not made or not changed what ovs-pki has, or has moved it away. */
function onlyTheirs(what: RegExp, theirs: RegExp): Explains {
  return (difference) =>
    what.test(difference.what) &&
    theirs.test(difference.theirs ?? '') &&
    (difference.ours === undefined || difference.ours === 'gone');
}

/** Ovs-pki does it and we refuse, with this on standard error: everything that ovs-pki has made is missing. */
function refused(message: RegExp): Explains {
  return ({ what, theirs, ours }, runs) => {
    if (!succeeds(runs.theirs) || succeeds(runs.ours) || !message.test(runs.ours['stderr'] ?? '')) return false;
    return /^(exit status|stderr|stdout)$/.test(what) ? ours !== undefined : theirs !== undefined && ours === undefined;
  };
}

/** Ovs-pki refuses, with this on standard error, and we do it, or `in part` where that is told. */
function accepted(message: RegExp, tolerated?: 'in part'): Explains {
  return ({ what, theirs }, runs) => {
    if (succeeds(runs.theirs) || !message.test(runs.theirs['stderr'] ?? '')) return false;
    const inPart = !succeeds(runs.ours);
    if (inPart && (tolerated === undefined || what === 'exit status' || what === 'stderr')) return false;
    return /^(exit status|stderr)$/.test(what) || theirs === undefined || theirs === '';
  };
}

function bothFail({ theirs, ours }: TwinRuns): boolean {
  return !succeeds(theirs) && !succeeds(ours);
}

function succeeds(run: Observation): boolean {
  return run['exit status'] === '0';
}

/**
 * Completions for shells, made from the tables of commands and options: static text, so that the TAB key starts no program.
 * Names come from the files in the folder, hosts from fleet.yaml.
 *
 * @module
 */

import { type CommandSpec, commandGroups, commandSpecs } from '../options/commands.js';
import { type OptionSpec, optionSpecs } from '../options/specs.js';

/** The shells that completions are made for. */
export const completionShells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof completionShells)[number];

/** What can stand at a place of the command line: fixed words, names, hosts, or files. */
type Offer = { readonly words: readonly string[] } | 'names' | 'hosts' | 'files' | 'nothing';

const program = 'ovs-pki-ts';
const options: readonly OptionSpec[] = optionSpecs;
const commands: readonly CommandSpec[] = commandGroups.flatMap((group) =>
  commandSpecs.filter((spec) => spec.group === group),
);

/** The script that a shell reads. */
export function completionText(shell: Shell): string {
  return { bash: bashText, zsh: zshText, fish: fishText }[shell]();
}

/** What the argument of an option can be. */
function argumentOf({ argument = '', values }: OptionSpec): Offer {
  if (values !== undefined) return { words: values };
  if (/^[a-z0-9]+(\|[a-z0-9]+)+$/.test(argument)) return { words: argument.split('|') };
  if (/\b(FILE|DIR)\b/.test(argument)) return 'files';
  if (argument.startsWith('HOST') || argument.startsWith('NAME=')) return 'hosts';
  return 'nothing';
}

/** What the operands of a command can be; a command takes several kinds. */
function operandsOf({ operands, operandWords = [] }: CommandSpec): Offer[] {
  const words = [...operandWords, ...(/\bTYPE\b/.test(operands) ? ['switch', 'controller'] : [])];
  return [
    ...(words.length > 0 ? [{ words }] : []),
    ...(/\bNAME\b/.test(operands) ? (['names'] as const) : []),
    ...(/\bHOST\b/.test(operands) ? (['hosts'] as const) : []),
    ...(/\bFILE\b/.test(operands) ? (['files'] as const) : []),
  ];
}

function optionsOf(spec: CommandSpec): OptionSpec[] {
  const used: readonly string[] = spec.options;
  return options.filter(({ long }) => used.includes(long));
}

/**
 * Names of which this folder has a key, a request or a certificate. Only those of the allowed characters: bash expands what it
 * is offered, and a file name can be anything.
 */
const findNames =
  "ls 2>/dev/null | sed -n 's/^\\([A-Za-z0-9._-]*\\)-\\(privkey\\|req\\|cert\\)\\.pem$/\\1/p' | sort -u";
/** The keys below "hosts:" of fleet.yaml. */
const findHosts = `sed -n '/^hosts:/,/^[^ #]/s/^  \\([A-Za-z0-9._-]*\\):.*/\\1/p' fleet.yaml 2>/dev/null`;

function bashText(): string {
  const offered = (offer: Offer): string => {
    if (offer === 'files') return 'compopt -o default';
    if (offer === 'nothing') return ':';
    const words = offer === 'names' ? `$(${findNames})` : offer === 'hosts' ? `$(${findHosts})` : offer.words.join(' ');
    return `_offer "${words}"`;
  };
  const withArgument = options.filter(({ argument }) => argument !== undefined);
  const cases = commands.map((spec) => {
    const flags = [...optionsOf(spec).map(({ long }) => `--${long}`), '--help'].join(' ');
    const operands = operandsOf(spec).map(offered);
    return `    ${spec.name}) if [[ $cur == -* ]]; then _offer "${flags}"; else ${[':', ...operands].join('; ')}; fi ;;`;
  });
  return `# Completions of ${program} for bash. Put this into a file of /etc/bash_completion.d, or: source <(${program} completion bash)
_ovs_pki_ts() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' index
  _offer() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${withArgument.map(flagsOf).join('|')}) ((index++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $before in
${withArgument.map((option) => `    ${flagsOf(option)}) ${offered(argumentOf(option))}; return ;;`).join('\n')}
  esac
  case $command in
    '') _offer "${commands.map(({ name }) => name).join(' ')} --help --version" ;;
${cases.join('\n')}
  esac
}
complete -F _ovs_pki_ts ${program}
`;
}

const flagsOf = ({ long, short }: OptionSpec): string => (short === undefined ? `--${long}` : `-${short}|--${long}`);

function zshText(): string {
  const offered = (offer: Offer): string => {
    if (offer === 'files') return '_files';
    if (offer === 'nothing') return ':';
    if (offer === 'names') return `compadd -- \${(f)"$(${findNames})"}`;
    return offer === 'hosts' ? `compadd -- \${(f)"$(${findHosts})"}` : `compadd -- ${offer.words.join(' ')}`;
  };
  const cases = commands.map((spec) => {
    const flags = [...optionsOf(spec).map(({ long }) => `--${long}`), '--help'].join(' ');
    const operands = operandsOf(spec).map(offered);
    return `    ${spec.name}) if [[ $cur == -* ]]; then compadd -- ${flags}; else ${[':', ...operands].join('; ')}; fi ;;`;
  });
  const withArgument = options.filter(({ argument }) => argument !== undefined);
  return `#compdef ${program}
# Completions of ${program} for zsh. Put this into a file _${program} of a folder in $fpath.
_ovs_pki_ts() {
  local cur=\${words[CURRENT]} before=\${words[CURRENT-1]} command='' index
  for ((index = 2; index < CURRENT; index++)); do
    case \${words[index]} in
      (${withArgument.map(flagsOf).join('|')}) ((index++)) ;;
      (-*) ;;
      (*) command=\${words[index]}; break ;;
    esac
  done
  case $before in
${withArgument.map((option) => `    (${flagsOf(option)}) ${offered(argumentOf(option))}; return ;;`).join('\n')}
  esac
  case $command in
    ('') compadd -- ${commands.map(({ name }) => name).join(' ')} --help --version ;;
${cases.map((line) => line.replace(/^ {4}([^)]+)\)/, '    ($1)')).join('\n')}
  esac
}
_ovs_pki_ts "$@"
`;
}

function fishText(): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const offered = (offer: Offer): string => {
    if (offer === 'files') return '-F';
    if (offer === 'nothing') return '-f';
    const find = offer === 'names' ? `(__ovs_pki_ts_names)` : offer === 'hosts' ? `(__ovs_pki_ts_hosts)` : undefined;
    return `-f -a ${quoted(find ?? (offer as { words: readonly string[] }).words.join(' '))}`;
  };
  const lines = commands.flatMap((spec) => {
    const of = `complete -c ${program} -n '__fish_seen_subcommand_from ${spec.name}'`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${quoted(spec.name)} -d ${quoted(spec.description)}`,
      ...operandsOf(spec).map((offer) => `${of} ${offered(offer)}`),
      ...optionsOf(spec).map((option) => {
        const short = option.short === undefined ? '' : ` -s ${option.short}`;
        const argument = option.argument === undefined ? '' : ` -r ${offered(argumentOf(option))}`;
        return `${of} -l ${option.long}${short}${argument} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `# Completions of ${program} for fish. Put this into ~/.config/fish/completions/${program}.fish
function __ovs_pki_ts_names
    ${findNames}
end
function __ovs_pki_ts_hosts
    ${findHosts}
end
complete -c ${program} -f
complete -c ${program} -n __fish_use_subcommand -l help -s h -d 'print this help'
complete -c ${program} -n __fish_use_subcommand -l version -s V -d 'print the version'
${lines.join('\n')}
`;
}

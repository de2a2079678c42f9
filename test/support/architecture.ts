/** The rules of ARCHITECTURE.md that a machine can check, as functions over source texts. */

import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** A source file: its path from the root of the project, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly rule: string;
  readonly place: string;
  readonly what: string;
}

interface Room {
  /** The rooms of src/ it may import from, besides itself. */
  readonly rooms: readonly string[];
  /** The packages and modules of Node it may import. */
  readonly packages: RegExp;
}

const nothing = /^$/;

/** Who may import what. Imports of types count like all others. */
export const importTable: Readonly<Record<string, Room>> = {
  'errors.ts': { rooms: [], packages: nothing },
  'index.ts': { rooms: ['errors.ts', 'usecases', 'pki', 'platform'], packages: nothing },
  'peculiar.ts': { rooms: ['platform'], packages: /^@peculiar\/webcrypto$/ },
  platform: { rooms: ['errors.ts'], packages: /^(node-webcrypto-p11|node:(child_process|crypto|fs|net|os|path|url))$/ },
  pki: { rooms: ['errors.ts'], packages: /^(@peculiar\/.+|pkijs|asn1js|reflect-metadata|node:(crypto|net|path))$/ },
  store: { rooms: ['errors.ts', 'pki', 'platform'], packages: /^node:path$/ },
  deploy: { rooms: ['errors.ts', 'pki', 'platform'], packages: /^(node:(net|path)|yaml|valibot)$/ },
  usecases: { rooms: ['errors.ts', 'pki', 'store', 'deploy', 'platform'], packages: /^node:path$/ },
  cli: { rooms: ['errors.ts', 'usecases', 'platform'], packages: /^(commander|inquirer|cli-progress)$/ },
};

/** What only one file of src/ may import, or those that are named. */
const onlyIn: readonly { readonly packages: RegExp; readonly file: string | readonly string[] }[] = [
  { packages: /^inquirer$/, file: 'src/cli/options/prompt.ts' },
  { packages: /^commander$/, file: 'src/cli/main.ts' },
  { packages: /^cli-progress$/, file: 'src/cli/render/progress.ts' },
  { packages: /^(node:)?child_process$/, file: 'src/platform/run.ts' },
  { packages: /^(@peculiar\/x509|reflect-metadata)$/, file: 'src/pki/certification-request.ts' },
  { packages: /^@peculiar\/webcrypto$/, file: ['src/pki/pbes1.ts', 'src/peculiar.ts'] },
  { packages: /^pkijs$/, file: ['src/pki/path/pkijs.ts', 'src/pki/pkcs12.ts', 'src/pki/pkcs12-reader.ts'] },
  { packages: /^node-webcrypto-p11$/, file: 'src/platform/token.ts' },
  { packages: /^yaml$/, file: 'src/deploy/inventory/yaml.ts' },
  { packages: /^valibot$/, file: ['src/deploy/inventory/schema.ts', 'src/deploy/inventory/fleet-schema.ts'] },
];

/** What the files of a folder may not import, though their room lets them. */
const folderRules: readonly { readonly from: string; readonly never: RegExp }[] = [
  { from: 'src/deploy/answer/', never: /^src\/deploy\/(?!answer\/)/ },
  { from: 'src/deploy/system/', never: /^src\/deploy\/(?!system\/)/ },
  { from: 'src/deploy/ike/', never: /^src\/deploy\/(?!ike\/|answer\/|system\/)/ },
  { from: 'src/deploy/facts/', never: /^src\/deploy\/(tunnels|fitness|plan|remote|apply|doctor)\// },
  { from: 'src/deploy/tunnels/', never: /^src\/deploy\/(fitness|plan|remote|apply|doctor)\// },
  { from: 'src/deploy/fitness/', never: /^src\/deploy\/(plan|remote|apply|doctor)\// },
  { from: 'src/deploy/plan/', never: /^src\/deploy\/(remote|apply|doctor)\// },
  { from: 'src/deploy/doctor/', never: /^src\/deploy\/(remote|apply)\// },
  { from: 'src/deploy/remote/', never: /^src\/deploy\/(apply|doctor)\// },
];

/** Who may say which IKE daemons there are: all others ask a value for what it does. */
const daemonFolders: readonly string[] = [
  ...['src/deploy/ike/', 'src/deploy/inventory/schema.ts', 'src/deploy/inventory/tunnel-options.ts'],
];

export const maximumFileLines = 400;
export const maximumFunctionLines = 50;

/** All violations in a set of files. Rules about imports, time and output hold in src/, the others everywhere. */
export function violationsIn(sources: readonly Source[]): Violation[] {
  const parsed = sources.map(parseSource);
  return [
    ...parsed.flatMap((file) => [...textViolations(file), ...nodeViolations(file), ...importViolations(file)]),
    ...cycles(new Map(parsed.map((file) => [file.fileName, importedFiles(file)]))),
    ...folderCycles(parsed),
  ];
}

export function parseSource({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

function textViolations(file: ts.SourceFile): Violation[] {
  const lines = file.text.replace(/\n$/, '').split('\n');
  const found: Violation[] = lines.flatMap((line, index) =>
    /(\/\/|\/\*|^\s*\*).*@ts-(ignore|expect-error|nocheck)/.test(line)
      ? [{ rule: 'ts-comment', place: `${file.fileName}:${index + 1}`, what: line.trim() }]
      : [],
  );
  if (lines.length > maximumFileLines) {
    found.push({ rule: 'file-length', place: file.fileName, what: `${lines.length} lines` });
  }
  return found;
}

function nodeViolations(file: ts.SourceFile): Violation[] {
  const found: Violation[] = [];
  const visit = (node: ts.Node): void => {
    for (const { rule, applies, finds } of nodeRules) {
      if (!applies(file.fileName) || !finds(node, file)) continue;
      const what = node.getText(file).split('\n')[0]?.slice(0, 80) ?? '';
      found.push({ rule, place: `${file.fileName}:${lineOf(file, node.getStart(file))}`, what });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

interface NodeRule {
  readonly rule: string;
  readonly applies: (path: string) => boolean;
  readonly finds: (node: ts.Node, file: ts.SourceFile) => boolean;
}

const inSource = (path: string): boolean => path.startsWith('src/');

const nodeRules: readonly NodeRule[] = [
  { rule: 'process.exit', applies: inSource, finds: (node) => isMember(node, 'process', /^(exit|reallyExit|abort)$/) },
  {
    rule: 'console',
    applies: (path) => inSource(path) && !path.startsWith('src/cli/render/'),
    finds: (node) => isMember(node, 'console', /./),
  },
  { rule: 'clock', applies: (path) => inSource(path) && path !== 'src/platform/clock.ts', finds: asksTheTime },
  { rule: 'Math.random', applies: inSource, finds: (node) => isMember(node, 'Math', /^random$/) },
  { rule: 'class', applies: (path) => inSource(path) && path !== 'src/errors.ts', finds: ts.isClassLike },
  {
    rule: 'ike-daemon',
    applies: (path) => inSource(path) && !daemonFolders.some((folder) => path.startsWith(folder)),
    finds: namesDaemon,
  },
  { rule: 'any', applies: () => true, finds: (node) => node.kind === ts.SyntaxKind.AnyKeyword },
  {
    rule: 'function-length',
    applies: () => true,
    finds: (node, file) =>
      ts.isFunctionLike(node) &&
      lineOf(file, node.getEnd()) - lineOf(file, node.getStart(file)) + 1 > maximumFunctionLines,
  },
];

/** A literal that is the name of a daemon, or a name of ours with one in it; what is said to people may name them. */
function namesDaemon(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return /strongswan|libreswan|charon|pluto/i.test(node.text);
  return ts.isStringLiteralLike(node) && /^(strongswan|libreswan|charon|pluto)$/i.test(node.text);
}

function asksTheTime(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return isNamed(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0;
  if (ts.isCallExpression(node) && isNamed(node.expression, 'Date')) return true;
  return (
    isMember(node, 'Date', /^now$/) ||
    isMember(node, 'performance', /^(now|timeOrigin)$/) ||
    isMember(node, 'process', /^(hrtime|uptime)$/)
  );
}

/** `object.member`, `object['member']`, also behind `globalThis.`, and `const { member } = object`. */
function isMember(node: ts.Node, object: string, member: RegExp): boolean {
  if (ts.isPropertyAccessExpression(node)) return isNamed(node.expression, object) && member.test(node.name.text);
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: key } = node;
    return isNamed(node.expression, object) && (!ts.isStringLiteralLike(key) || member.test(key.text));
  }
  if (!ts.isVariableDeclaration(node) || !ts.isObjectBindingPattern(node.name)) return false;
  const isFromObject = node.initializer !== undefined && isNamed(node.initializer, object);
  return isFromObject && node.name.elements.some((part) => member.test((part.propertyName ?? part.name).getText()));
}

function isNamed(node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node)) return node.text === name;
  return ts.isPropertyAccessExpression(node) && isNamed(node.expression, 'globalThis') && node.name.text === name;
}

function importViolations(file: ts.SourceFile): Violation[] {
  if (!inSource(file.fileName)) return [];
  const own = roomOf(file.fileName);
  const table = importTable[own];
  if (table === undefined) return [{ rule: 'room', place: file.fileName, what: `src/${own} is not in the table` }];
  return importsOf(file).flatMap(({ target, line }) => {
    const what = `imports ${target}`;
    const place = `${file.fileName}:${line}`;
    if (!target.startsWith('.')) {
      const keeper = onlyIn.find(({ packages }) => packages.test(target));
      if (keeper !== undefined && ![keeper.file].flat().includes(file.fileName))
        return [{ rule: 'package', place, what }];
      return table.packages.test(target) ? [] : [{ rule: 'package', place, what }];
    }
    const resolved = resolveImport(file.fileName, target);
    const isForbidden = folderRules.some(({ from, never }) => file.fileName.startsWith(from) && never.test(resolved));
    if (isForbidden) return [{ rule: 'folder', place, what }];
    const room = roomOf(resolved);
    return room === own || table.rooms.includes(room) ? [] : [{ rule: 'import', place, what }];
  });
}

/** The folder under src/, or the file itself where it lies in no folder. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

interface Import {
  readonly target: string;
  readonly line: number;
}

/** Static and dynamic imports, re-exports, `import('…')` in types, and require. */
function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const target = importTarget(node);
    if (target !== undefined) found.push({ target, line: lineOf(file, node.getStart(file)) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function importTarget(node: ts.Node): string | undefined {
  const literal = (part: ts.Node | undefined): string | undefined =>
    part !== undefined && ts.isStringLiteralLike(part) ? part.text : undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  const isImportCall =
    ts.isCallExpression(node) &&
    (node.expression.kind === ts.SyntaxKind.ImportKeyword || isNamed(node.expression, 'require'));
  return isImportCall ? literal(node.arguments[0]) : undefined;
}

/** The files of the project that a file imports. */
export function importedFiles(file: ts.SourceFile): string[] {
  return importsOf(file)
    .filter(({ target }) => target.startsWith('.'))
    .map(({ target }) => resolveImport(file.fileName, target));
}

function resolveImport(from: string, target: string): string {
  return normalize(join(dirname(from), target)).replace(/\.js$/, '.ts');
}

/** Each circle of imports once, beginning with its first file in the alphabet. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): Violation[] {
  const found = new Map<string, Violation>();
  const done = new Set<string>();
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = trail.slice(start);
      const first = [...circle].sort()[0] as string;
      const turn = circle.indexOf(first);
      const what = [...circle.slice(turn), ...circle.slice(0, turn), first].join(' → ');
      found.set(what, { rule: 'cycle', place: first, what });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) follow(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) follow(path, []);
  return [...found.values()];
}

/** Folders, and those that the files of each import from. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Which folder imports from which, of types and at run time too, among those of the files that are given. */
export function folderGraph(parsed: readonly ts.SourceFile[]): FolderGraph {
  const graph = new Map<string, Set<string>>(parsed.map((file) => [folderOf(file.fileName), new Set()]));
  for (const file of parsed) {
    const from = folderOf(file.fileName);
    for (const to of importedFiles(file).map(folderOf)) {
      if (to !== from && graph.has(to)) graph.get(from)?.add(to);
    }
  }
  return graph;
}

/** A file that lies in src/ itself is a room of its own. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === 'src' ? path : folder;
}

/** The folders that reach themselves by way of others, in the order of the alphabet. */
export function circlesIn(graph: FolderGraph): string[] {
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [from];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const to of graph.get(next) ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        open.push(to);
      }
    }
    return seen;
  };
  return [...graph.keys()].filter((folder) => reached(folder).has(folder)).toSorted();
}

/** In src/ a circle of folders is a thing that lies in the wrong one, even where no files are in a circle. */
function folderCycles(parsed: readonly ts.SourceFile[]): Violation[] {
  const circles = circlesIn(folderGraph(parsed.filter(({ fileName }) => inSource(fileName))));
  return circles.map((place) => ({ rule: 'folder-cycle', place, what: circles.join(', ') }));
}

export function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

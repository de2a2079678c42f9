/** How large the files and functions of src/ are, and how its folders hang together: what `npm run numbers` prints. */

import { dirname } from 'node:path';
import ts from 'typescript';
import { importedFiles, lineOf, parseSource, type Source } from './architecture.js';

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}

export interface Numbers {
  readonly files: Spread;
  readonly functions: Spread;
  /** The folders that reach themselves by way of others. */
  readonly circles: readonly string[];
  readonly deploy: FolderGraph;
}

/** Folders, and those that the files of each import from. A file that lies in src/ itself is a room of its own. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

export function numbersOf(sources: readonly Source[]): Numbers {
  const files = sources.map(parseSource);
  return {
    files: spread(sources.map(({ text }) => text.replace(/\n$/, '').split('\n').length)),
    functions: spread(files.flatMap(functionLines)),
    circles: circlesIn(folderGraph(sources)),
    deploy: folderGraph(sources.filter(({ path }) => path.startsWith('src/deploy/'))),
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { count: sorted.length, median: at(0.5), p90: at(0.9), max: sorted.at(-1) ?? 0 };
}

/** The lines of each function that has a block: of an arrow that is one expression there is nothing to say. */
function functionLines(file: ts.SourceFile): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (isFunctionWithBlock(node)) found.push(lineOf(file, node.getEnd()) - lineOf(file, node.getStart(file)) + 1);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isFunctionWithBlock(node: ts.Node): boolean {
  if (ts.isArrowFunction(node)) return ts.isBlock(node.body);
  const isOne = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isFunctionExpression(node);
  return isOne && node.body !== undefined;
}

/** Which folder imports from which, of types and at run time too, among those of the files that are given. */
export function folderGraph(sources: readonly Source[]): FolderGraph {
  const graph = new Map<string, Set<string>>(sources.map(({ path }) => [folderOf(path), new Set()]));
  for (const source of sources) {
    const from = folderOf(source.path);
    for (const to of importedFiles(parseSource(source)).map(folderOf)) {
      if (to !== from && graph.has(to)) graph.get(from)?.add(to);
    }
  }
  return graph;
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === 'src' ? path : folder;
}

/** The folders that are in a circle, in the order of the alphabet. */
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

/** How large the files and functions of src/ are, and how its folders hang together: what `npm run numbers` prints. */

import ts from 'typescript';
import { circlesIn, type FolderGraph, folderGraph, lineOf, parseSource, type Source } from './architecture.js';

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

export function numbersOf(sources: readonly Source[]): Numbers {
  const files = sources.map(parseSource);
  return {
    files: spread(sources.map(({ text }) => text.replace(/\n$/, '').split('\n').length)),
    functions: spread(files.flatMap(functionLines)),
    circles: circlesIn(folderGraph(files)),
    deploy: folderGraph(files.filter(({ fileName }) => fileName.startsWith('src/deploy/'))),
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

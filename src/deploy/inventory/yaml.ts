/**
 * YAML that is data and nothing else, and in which line each value stands.
 *
 * @module
 */

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { describeValue, type Fault, type Path } from './fault.js';

/** A fault and its line. */
export interface LineFault extends Fault {
  readonly line: number;
}

export type YamlRead =
  | { readonly value: unknown; readonly lineOf: (path: Path) => number }
  | { readonly faults: readonly LineFault[] };

/** A mesh of 10,000 hosts with all their fields is smaller. */
const maximumBytes = 2 * 1024 * 1024;
/** An alias for each host's defaults, and no room for a few lines that grow into gigabytes. */
const maximumAliases = 1000;

const tooManyAliases = 'has aliases that together stand for more than is read here';
const tooDeep = 'has too many lists or maps inside of each other';

/** Reads one document of YAML 1.2 with its core schema: no tags of its own, no key twice. */
export function readYaml(text: string): YamlRead {
  if (text.length > maximumBytes) return refuse(1, `is larger than ${maximumBytes} bytes`);
  try {
    return readDocument(text);
  } catch (error) {
    // The stack is full.
    if (!(error instanceof RangeError)) throw error;
    return refuse(1, tooDeep);
  }
}

function readDocument(text: string): YamlRead {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => lines.linePos(offset).line || 1;
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // nodeFaults looks for them, and does not compare each with each
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const [document, second] = documents;
  if (!Array.isArray(documents) || document === undefined || document.contents === null) return refuse(1, 'is empty');
  const troubles = [...document.errors, ...document.warnings];
  const bottomless = troubles.find(({ message }) => message.startsWith('Maximum call stack'));
  if (bottomless !== undefined) return refuse(lineAt(bottomless.pos[0]), tooDeep);
  if (troubles.length > 0) {
    return { faults: troubles.map((trouble) => fault(lineAt(trouble.pos[0]), inWords(trouble))) };
  }
  if (second !== undefined) return refuse(lineAt(second.range[0]), 'has more than one document; take the line --- out');
  const lineOf = (path: Path): number => lineAt(offsetOf(document, path));
  const faults = nodeFaults(document, lineAt);
  if (faults.length > 0) return { faults };
  try {
    return { value: document.toJS({ maxAliasCount: maximumAliases }), lineOf };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return refuse(1, tooManyAliases);
  }
}

function refuse(line: number, message: string): YamlRead {
  return { faults: [fault(line, message)] };
}

function fault(line: number, message: string): LineFault {
  return { path: [], line, message };
}

function inWords({ code, message }: YAMLError): string {
  if (code === 'TAG_RESOLVE_FAILED') return `${message.replace('Unresolved tag: ', 'the tag ')} is not read here`;
  return message.split('\n')[0] ?? '';
}

/** Keys that are there twice, and aliases of what is not above them. In one pass: a large file is not a slow one. */
function nodeFaults(document: Document, lineAt: (offset: number) => number): LineFault[] {
  const faults: LineFault[] = [];
  const anchors = new Map<string, Node>();
  let aliases = 0;
  visit(document, (_, node) => {
    if (isMap(node)) faults.push(...repeatedKeys(node, lineAt));
    if (isAlias(node)) {
      aliases++;
      const target = anchors.get(node.source);
      const line = lineAt(startOf(node) ?? 0);
      if (target === undefined) {
        faults.push(fault(line, `*${node.source} is an alias, and there is no &${node.source} above it`));
      } else if (isWithin(target, node)) faults.push(fault(line, `*${node.source} stands inside itself`));
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return aliases > maximumAliases ? [fault(1, tooManyAliases)] : faults;
}

function repeatedKeys(map: YAMLMap, lineAt: (offset: number) => number): LineFault[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const name = String(isScalar(key) ? key.value : key);
    const isRepeat = seen.has(name);
    seen.add(name);
    return isRepeat ? [fault(lineAt(startOf(key) ?? 0), `${describeValue(name)} is there twice`)] : [];
  });
}

function isWithin(outer: Node, inner: Node): boolean {
  const [from = 0, , to = 0] = outer.range ?? [];
  const at = startOf(inner) ?? -1;
  return from <= at && at < to;
}

/** Where the last part of the path begins that exists: its key in a map, or its element in a list. */
function offsetOf(document: Document, path: Path): number {
  let node = resolve(document, document.contents);
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = resolve(document, pair.value);
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = resolve(document, item);
    } else break;
  }
  return offset;
}

function resolve(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

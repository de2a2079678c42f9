/**
 * What `list` found, piece by piece: as a table, or as a JSON document.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { visibleJson } from '../../platform/visible.js';
import type { Listed } from '../../usecases/certificate/list.js';
import { errorJson, jsonText } from './json.js';
import { letters } from './letters.js';
import { dayText } from './text.js';

/** Pieces of a result in the form that was asked for; returns what stopped it in its middle. */
export type Pieces = Generator<string, OvsPkiError | undefined>;

/** So many rows are written at once; the first of these batches decides how wide the columns are. */
const batchRows = 1000;

export function* listTable(rows: Iterable<Listed>): Pieces {
  const heading = ['NAME', 'STATE', 'EXPIRES', 'SERIAL', 'TYPE'];
  let widths: readonly number[] | undefined;
  const batches = inBatches(rows);
  for (let next = batches.next(); ; next = batches.next()) {
    const cells = next.done === true ? [] : next.value.map(cellsOf);
    const lines = widths === undefined ? [heading, ...cells] : cells;
    widths ??= heading.map((_, column) => lines.reduce((most, line) => Math.max(most, line[column]?.length ?? 0), 0));
    if (lines.length > 0) yield lines.map((line) => tableLine(line, widths ?? [])).join('');
    if (next.done === true) return next.value;
  }
}

function cellsOf({ commonName, state, due, notAfter, serialNumber, type }: Listed): string[] {
  return [letters(commonName), due ? 'due' : state, dayText(notAfter), serialNumber, type];
}

function tableLine(cells: readonly string[], widths: readonly number[]): string {
  return `${cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
}

/** One document, as every command has it; what stops the list in its middle is told at the end of the document. */
export function* listJson(rows: Iterable<Listed>): Pieces {
  const [head = '', tail = ''] = jsonText('list', { results: [] }).split('[]');
  yield `${head}[`;
  let separator = '\n';
  const batches = inBatches(rows);
  for (let next = batches.next(); ; next = batches.next()) {
    if (next.done === true) {
      const error = next.value;
      const told = error === undefined ? '' : `,\n  "error": ${visibleJson(JSON.stringify(errorJson(error)))}`;
      yield `\n  ]${told}${tail}`;
      return error;
    }
    yield separator + next.value.map((row) => `    ${visibleJson(JSON.stringify(row))}`).join(',\n');
    separator = ',\n';
  }
}

/** What could be read before an error is given out before it. */
function* inBatches<T>(items: Iterable<T>): Generator<T[], OvsPkiError | undefined> {
  let batch: T[] = [];
  try {
    for (const item of items) {
      batch.push(item);
      if (batch.length < batchRows) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    if (batch.length > 0) yield batch;
    return error;
  }
  if (batch.length > 0) yield batch;
  return undefined;
}

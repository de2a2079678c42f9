/** What a source says: its string literals and templates. */

import ts from 'typescript';

/** @param wordFor what stands in a template in the place of a value, whose expression it is told */
export function textsIn(source: string, wordFor: (value: string) => string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      const spans = node.templateSpans.map(({ expression, literal }) => wordFor(expression.getText()) + literal.text);
      found.push(node.head.text + spans.join(''));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true));
  return found;
}

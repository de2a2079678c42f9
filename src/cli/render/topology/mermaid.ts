/**
 * The topology as a flowchart of Mermaid, which GitHub and GitLab draw in Markdown.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 * @module
 */

import { visible } from '../../../platform/visible.js';
import { linkText, type Topology, type TopologyLink, type TopologyNode } from './topology.js';

const classes: Readonly<Record<TopologyNode['state'], { readonly name: string; readonly style: string }>> = {
  well: { name: 'well', style: 'stroke:#1a7f37' },
  'not well': { name: 'notWell', style: 'stroke:#cf222e,stroke-width:3px' },
  'not asked': { name: 'notAsked', style: 'stroke:#9a6700,stroke-dasharray:5' },
  'not known': { name: 'notKnown', style: 'stroke:#6e7781,stroke-dasharray:2' },
};
/** A line, a thick one, and one of dots. */
const lines: Readonly<Record<TopologyLink['state'], string>> = {
  encrypted: '---',
  'not-encrypted': '===',
  down: '-.-',
};

export function mermaidText({ nodes, links }: Topology): string {
  const idOf = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const used = [...new Set(nodes.map(({ state }) => classes[state]))];
  const text = [
    ...nodes.map(({ name, state }) => `${idOf.get(name)}["${entities(name)}"]:::${classes[state].name}`),
    ...links.map((link) => {
      const label = link.state === 'encrypted' ? '' : `|"${entities(linkText(link))}"|`;
      return `${idOf.get(link.source)} ${lines[link.state]}${label} ${idOf.get(link.target)}`;
    }),
    ...used.map(({ name, style }) => `classDef ${name} ${style}`),
  ];
  return `flowchart LR\n${text.map((line) => `  ${line}\n`).join('')}`;
}

/** All but what can mean nothing is written as its number: quotes, markup, directives (`%%{`), Markdown, HTML, icons. */
function entities(text: string): string {
  return visible(text).replaceAll(/[^A-Za-z0-9 .,@/_-]/gu, (character) => `#${character.codePointAt(0)};`);
}

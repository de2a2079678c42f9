/**
 * The topology for Graphviz.
 *
 * @see https://graphviz.org/doc/info/lang.html
 * @module
 */

import { visible } from '../../../platform/visible.js';
import { linkText, type Topology, type TopologyLink, type TopologyNode } from './topology.js';

/** Told by form and by colour. */
const nodeStyles: Readonly<Record<TopologyNode['state'], string>> = {
  well: 'color="#1a7f37"',
  'not well': 'color="#cf222e", penwidth=2',
  'not asked': 'color="#9a6700", style=dashed',
  'not known': 'color="#6e7781", style=dotted',
};
const linkStyles: Readonly<Record<TopologyLink['state'], string>> = {
  encrypted: 'color="#1a7f37"',
  down: 'color="#9a6700", style=dashed',
  'not-encrypted': 'color="#cf222e", penwidth=2, style=bold',
};

export function dotText({ nodes, links }: Topology): string {
  const idOf = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const lines = [
    ...nodes.map(({ name, state }) => {
      return `${idOf.get(name)} [label=${quoted(name)}, tooltip=${quoted(`${name}: ${state}`)}, ${nodeStyles[state]}];`;
    }),
    ...links.map((link) => {
      const told = `tooltip=${quoted(`${link.source} - ${link.target}: ${linkText(link)}`)}`;
      const label = link.state === 'encrypted' ? '' : `label=${quoted(linkText(link))}, `;
      return `${idOf.get(link.source)} -- ${idOf.get(link.target)} [${label}${told}, ${linkStyles[link.state]}];`;
    }),
  ];
  return `graph tunnels {\n  node [shape=box];\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** Of what stands between quotes, Graphviz reads backslashes and the entities of HTML. */
function quoted(text: string): string {
  return `"${visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;')}"`;
}

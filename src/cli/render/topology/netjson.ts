/**
 * The topology as a NetworkGraph of NetJSON.
 *
 * @see https://netjson.org/rfc.html
 * @module
 */

import { visibleJson } from '../../../platform/visible.js';
import type { Topology } from './topology.js';

export function netjsonText({ nodes, links }: Topology): string {
  const graph = {
    type: 'NetworkGraph',
    label: 'Tunnels of Open vSwitch',
    protocol: 'IPsec',
    version: null,
    metric: null,
    nodes: nodes.map(({ name, state }) => ({ id: name, label: name, properties: { state } })),
    links: links.map(({ source, target, type, method, state, ends }) => ({
      source,
      target,
      cost: 1,
      properties: { type, method, state, ends },
    })),
  };
  return `${visibleJson(JSON.stringify(graph, null, 2))}\n`;
}

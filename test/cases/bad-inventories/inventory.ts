/** What bad inventories are made of, and what is said about them. */

export interface BadInventory {
  readonly title: string;
  readonly text: string;
  /** Lines of the message, without the name of the file. */
  readonly says: readonly string[];
}

/** Two hosts without a tunnel: its lines begin with 5. */
export const two = `version: 1
hosts:
  a: {address: 203.0.113.1}
  b: {address: 203.0.113.2}
`;
export const tunnel = `${two}tunnels:
  - between: [a, b]
`;
export const three = `version: 1
hosts:
  a: {address: 203.0.113.1}
  b: {address: 203.0.113.2}
  c: {address: 203.0.113.3}
tunnels:
`;
/** One host, with a field in line 4. */
export const host = (field: string): string => `version: 1\nhosts:\n  a:\n    ${field}\n`;

/**
 * What is said of a certificate at its place in a path.
 *
 * @module
 */

import type { Finding } from '../lint/rule.js';

export function position(depth: number): string {
  return depth === 0 ? 'the certificate' : depth === 1 ? 'the CA certificate' : `the CA certificate at depth ${depth}`;
}

export function found(rule: string, citation: string, message: string): Finding {
  return { rule, citation, message };
}

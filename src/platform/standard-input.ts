/**
 * Standard input, read as a whole.
 *
 * @module
 */

export async function readStandardInput(): Promise<string> {
  return (await readStandardInputBytes()).toString();
}

export async function readStandardInputBytes(): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

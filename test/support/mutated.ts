/** Damage, of any kind and place. */

import fc from 'fast-check';

/** A structure with some of its bytes changed, taken away or put in. */
export function mutated(...originals: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(), kind: fc.nat(3), byte: fc.nat(255) });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([original, changes]) => {
      let bytes = [...original];
      for (const { at, kind, byte } of changes) {
        const place = at % bytes.length;
        if (kind === 0) bytes = bytes.slice(0, Math.max(1, place));
        else if (kind === 1) bytes.splice(place, 0, byte);
        else bytes[place] = kind === 2 ? byte : (bytes[place] as number) ^ (1 << (byte & 7));
      }
      return Uint8Array.from(bytes);
    });
}

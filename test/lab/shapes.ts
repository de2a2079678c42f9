/** The shapes of fleets that are tried. */

export interface Shape {
  /** The tunnels, of hosts counted from 1. */
  readonly tunnels: readonly string[];
  /** Who no longer reaches whom when the tunnel between 1 and 2 is cut; split horizon knows no other way. */
  readonly apart: readonly (readonly [number, number])[];
}

export const shapes = {
  mesh: { tunnels: ['mesh: [1, 2, 3, 4]'], apart: [[1, 2]] },
  hub: {
    tunnels: ['{ hub: 1, spokes: [2, 3, 4] }'],
    apart: [
      [1, 2],
      [2, 3],
      [2, 4],
    ],
  },
  // Split horizon for the mesh, and 4 is reached by way of 1.
  'mesh-and-spoke': {
    tunnels: ['mesh: [1, 2, 3]', '{ hub: 1, spokes: [4] }'],
    apart: [
      [1, 2],
      [2, 4],
    ],
  },
  // Two rings that share a tunnel: RSTP, which goes round the cut.
  'mesh-and-hub': { tunnels: ['mesh: [1, 2, 3]', '{ hub: 4, spokes: [2, 3] }'], apart: [] },
} as const satisfies Readonly<Record<string, Shape>>;
export type ShapeName = keyof typeof shapes;

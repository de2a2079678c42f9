/**
 * Facts that are found by a key. A host may say as many of them as it likes, so what is looked for again and again is put
 * in order once, and not gone through each time.
 *
 * @module
 */

/** Finds the items with a key, in their order. @param keysOf under which keys an item is found */
export function lookup<Item extends object>(
  keysOf: (item: Item) => readonly string[],
): (items: readonly Item[], key: string) => readonly Item[] {
  const orders = new WeakMap<readonly Item[], ReadonlyMap<string, readonly Item[]>>();
  return (items, key) => {
    const order = orders.get(items) ?? orderOf(items, keysOf);
    orders.set(items, order);
    return order.get(key) ?? [];
  };
}

function orderOf<Item>(items: readonly Item[], keysOf: (item: Item) => readonly string[]): Map<string, Item[]> {
  const order = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const found = order.get(key);
      if (found === undefined) order.set(key, [item]);
      else found.push(item);
    }
  }
  return order;
}

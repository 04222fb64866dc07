export interface Heap<T> {
  readonly size: number
  peek(): T | undefined
  push(item: T): void
  pop(): T | undefined
  /** Looks at all of them. */
  remove(item: T): void
}

/** Gives the smallest first; adding and taking take logarithmic time. `isBefore` must be a strict order. */
export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []

  function rise(item: T, from: number): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above]
      if (parent === undefined || !isBefore(item, parent)) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  function sink(item: T, from: number): void {
    let at = from
    for (;;) {
      let below = 2 * at + 1
      let child = items[below]
      if (child === undefined) break
      const right = items[below + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below++
      }
      if (!isBefore(child, item)) break
      items[at] = child
      at = below
    }
    items[at] = item
  }

  function removeAt(at: number): void {
    const last = items.pop()
    if (last === undefined || at === items.length) return
    sink(last, at)
    if (items[at] === last) rise(last, at)
  }

  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push: (item) => rise(item, items.length),
    pop() {
      const first = items[0]
      removeAt(0)
      return first
    },
    remove(item) {
      const at = items.indexOf(item)
      if (at >= 0) removeAt(at)
    },
  }
}

/** Choices that follow from one number, so that a case can be told in a few numbers and made smaller by fast-check. */
export interface Choices {
  pick<T>(list: readonly T[]): T
  /** True so many times in a hundred. */
  chance(percent: number): boolean
  /** Some of a list, in its order. */
  some<T>(list: readonly T[], percent: number): T[]
}

export function choicesFrom(seed: number): Choices {
  let state = (seed ^ 0x9e3779b9) >>> 0
  const below = (most: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most
  }
  const chance = (percent: number): boolean => below(100) < percent
  return {
    chance,
    pick: (list) => {
      if (list.length === 0) throw new Error('there is nothing to choose from')
      return list[below(list.length)]!
    },
    some: (list, percent) => list.filter(() => chance(percent)),
  }
}

/** Milliseconds of each of `rounds` runs of two things, taken in turns so that a noisy machine is noisy for both. */
export async function inTurns(
  rounds: number,
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
): Promise<{ a: number[]; b: number[] }> {
  const times: { a: number[]; b: number[] } = { a: [], b: [] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of round % 2
      ? ([
          ['b', b],
          ['a', a],
        ] as const)
      : ([
          ['a', a],
          ['b', b],
        ] as const)) {
      const started = performance.now()
      await run()
      times[name].push(performance.now() - started)
    }
  }
  return times
}

export function median(values: readonly number[]): number {
  return [...values].sort((x, y) => x - y)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** One figure of a benchmark; `bound` is what was promised. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly bound?: string
}

export function report(figures: readonly Figure[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    return
  }
  for (const { name, value, unit, bound } of figures) {
    process.stdout.write(`${name.padEnd(62)} ${value.toFixed(2).padStart(9)} ${unit.padEnd(4)} ${bound ?? ''}\n`)
  }
}

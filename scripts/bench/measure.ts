/** Runs in one turn; the first of them is not counted, because it finds the other's data in the caches of the processor. */
const runsInTurn = 6

/** Milliseconds of the runs of two things, taken in turns so that a noisy machine is noisy for both. */
export async function inTurns(
  turns: number,
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
): Promise<{ a: number[]; b: number[] }> {
  const times: { a: number[]; b: number[] } = { a: [], b: [] }
  for (let turn = 0; turn < turns; turn++) {
    times.a.push(...(await timesOf(a)))
    times.b.push(...(await timesOf(b)))
  }
  return times
}

async function timesOf(run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let count = 0; count < runsInTurn; count++) {
    const started = performance.now()
    await run()
    if (count > 0) times.push(performance.now() - started)
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

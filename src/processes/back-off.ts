export interface BackOff {
  readonly firstMs: number
  readonly mostMs: number
}

/** How long to wait after so many failures in a row: twice as long each time, up to a fifth less, so that not all try together. */
export function backOff(failures: number, { firstMs, mostMs }: BackOff): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(whole * (1 - Math.random() * 0.2))
}

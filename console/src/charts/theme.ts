/** The colours of the page as a chart needs them: read from the style sheet, so that they are named once. */
export interface ChartTheme {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly surface: string
  /** One colour for plain charts. */
  readonly plain: string
  /** Light to strong, for an ordered series. */
  readonly scale: readonly string[]
  readonly font: string
  readonly animation: boolean
}

export function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  return {
    ink: colour('--ink'),
    muted: colour('--muted'),
    line: colour('--line'),
    surface: colour('--surface'),
    plain: colour('--chart-plain'),
    scale: [colour('--chart-1'), colour('--chart-2'), colour('--chart-3')],
    font: style.fontFamily,
    animation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
  }
}

/** Calls back when the reader switches between light and dark; gives the function that stops it. */
export function onThemeChange(changed: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', changed)
  return () => dark.removeEventListener('change', changed)
}

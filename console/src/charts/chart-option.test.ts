import { describe, expect, it } from 'vitest'
import { birdstrikes } from '../dashboards/birdstrikes.ts'
import type { ChartSpec } from '../dashboards/index.ts'
import { chartOption } from './chart-option.ts'
import type { ChartTheme } from './theme.ts'

const theme: ChartTheme = {
  ink: '#111111',
  muted: '#222222',
  line: '#333333',
  surface: '#444444',
  plain: '#555555',
  scale: ['#a00000', '#b00000'],
  font: 'sans-serif',
  animation: false,
}

const data = { categories: ['x', 'y'], series: [{ name: 'one', values: [1, null] }] }

describe('chartOption', () => {
  it.each(birdstrikes.charts.map((chart): [string, ChartSpec] => [chart.id, chart]))(
    'names both axes of %s and keeps its tooltip on the canvas',
    (_id, spec) => {
      const option = chartOption(spec, data, theme)
      const names = [option.xAxis, option.yAxis].map((axis) => (Array.isArray(axis) ? '' : axis?.name))
      expect([...names].sort()).toEqual([spec.category.label, spec.value.label].sort())
      expect(option.tooltip).toMatchObject({ renderMode: 'richText' })
    },
  )

  it('marks the Januaries of a long time', () => {
    const months = Array.from(
      { length: 40 },
      (_, n) => `${1990 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`,
    )
    const [line] = birdstrikes.charts
    const option = chartOption(line as ChartSpec, { categories: months, series: [] }, theme)
    const { axisLabel } = option.xAxis as {
      axisLabel: { interval: (i: number, m: string) => boolean; formatter: (m: string) => string }
    }
    expect(
      months.filter((month, index) => axisLabel.interval(index, month)).map((month) => axisLabel.formatter(month)),
    ).toEqual(['1990', '1991', '1992', '1993'])
  })

  it('gives each part of a stack a colour of the scale, again from the first when they run out', () => {
    const stacked = birdstrikes.charts.find(({ kind }) => kind === 'stacked-bars') as ChartSpec
    const series = ['a', 'b', 'c'].map((name) => ({ name, values: [1, 2] }))
    const option = chartOption(stacked, { categories: ['x', 'y'], series }, theme)
    expect(option.series).toMatchObject(
      ['#a00000', '#b00000', '#a00000'].map((color) => ({ stack: 'all', itemStyle: { color } })),
    )
  })
})

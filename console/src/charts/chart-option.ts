import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts'
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components'
import type { ComposeOption } from 'echarts/core'
import type { ChartSpec } from '../dashboards/index.ts'
import { formatNumber, formatShort, formatTick, noValue } from '../format.ts'
import type { ChartData } from './chart-data.ts'
import type { ChartTheme } from './theme.ts'

export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>

interface CategoryLabels {
  readonly hideOverlap: boolean
  readonly interval?: (index: number, month: string) => boolean
  readonly formatter?: (month: string) => string
}

/** How ECharts draws a chart. Everything is painted on the canvas: HTML tooltips need inline styles, which the CSP forbids. */
export function chartOption(spec: ChartSpec, data: ChartData, theme: ChartTheme): ChartOption {
  return {
    animation: theme.animation,
    animationDuration: 300,
    animationDurationUpdate: 300,
    textStyle: { fontFamily: theme.font, color: theme.muted, fontSize: 12 },
    grid: { left: 8, right: spec.kind === 'bars' ? 56 : 16, top: spec.series ? 60 : 30, bottom: 6 },
    tooltip: tooltip(spec, theme),
    ...(spec.series ? { legend: legend(theme) } : {}),
    ...axes(spec, data, theme),
    series: data.series.map((series, index) => ({
      ...(spec.kind === 'line' ? lineLook(theme) : barLook(spec, theme, index)),
      name: series.name,
      data: [...series.values],
    })),
  }
}

function axes(spec: ChartSpec, data: ChartData, theme: ChartTheme): Pick<ChartOption, 'xAxis' | 'yAxis'> {
  const digits = spec.value.digits ?? 0
  const nameTextStyle = { color: theme.muted, fontSize: 12 }
  const axisLabel = { color: theme.muted }
  const line = { axisLine: { lineStyle: { color: theme.line } }, axisTick: { show: false } }
  const value = {
    type: 'value' as const,
    name: spec.value.label,
    nameTextStyle,
    // Counts have no fractions, so neither has their axis.
    ...(digits === 0 ? { minInterval: 1 } : {}),
    axisLabel: { ...axisLabel, hideOverlap: true, formatter: formatTick },
    splitLine: { lineStyle: { color: theme.line } },
    ...line,
  }
  const category = {
    type: 'category' as const,
    data: [...data.categories],
    name: spec.category.label,
    nameTextStyle,
    ...line,
  }
  if (spec.kind === 'line') {
    return {
      xAxis: {
        ...category,
        nameLocation: 'middle',
        nameGap: 30,
        boundaryGap: false,
        axisLabel: { ...axisLabel, ...monthLabels(data.categories) },
      },
      yAxis: { ...value, nameLocation: 'end', nameTextStyle: { ...nameTextStyle, align: 'left' } },
    }
  }
  return {
    xAxis: { ...value, nameLocation: 'middle', nameGap: 30 },
    yAxis: {
      ...category,
      inverse: true,
      nameLocation: 'start',
      nameTextStyle: { ...nameTextStyle, align: 'right' },
      axisLabel: { color: theme.ink, width: 130, overflow: 'truncate', interval: 0 },
    },
  }
}

/** Beyond three years the years are marked, at their Januaries; before that, the months. */
function monthLabels(months: readonly string[]): CategoryLabels {
  if (months.length <= 36) return { hideOverlap: true }
  return {
    hideOverlap: true,
    interval: (_index, month) => month.endsWith('-01'),
    formatter: (month) => month.slice(0, 4),
  }
}

function lineLook(theme: ChartTheme): LineSeriesOption {
  return {
    type: 'line',
    showSymbol: false,
    lineStyle: { width: 2, color: theme.plain },
    itemStyle: { color: theme.plain },
    areaStyle: { color: theme.plain, opacity: 0.12 },
  }
}

function barLook(spec: ChartSpec, theme: ChartTheme, index: number): BarSeriesOption {
  const digits = spec.value.digits ?? 0
  const look: BarSeriesOption = { type: 'bar', barMaxWidth: 22 }
  if (spec.series) {
    const color = theme.scale[index % theme.scale.length] ?? theme.plain
    return { ...look, stack: 'all', itemStyle: { color } }
  }
  return {
    ...look,
    itemStyle: { color: theme.plain, borderRadius: [0, 3, 3, 0] },
    label: {
      show: true,
      position: 'right',
      color: theme.muted,
      formatter: ({ value }) => (typeof value === 'number' ? formatShort(value, digits) : ''),
    },
  }
}

function tooltip(spec: ChartSpec, theme: ChartTheme): TooltipComponentOption {
  return {
    trigger: 'axis',
    renderMode: 'richText',
    confine: true,
    axisPointer: { type: spec.kind === 'line' ? 'line' : 'shadow' },
    backgroundColor: theme.surface,
    borderColor: theme.line,
    textStyle: { color: theme.ink, fontFamily: theme.font, fontSize: 13 },
    valueFormatter: (value) => (typeof value === 'number' ? formatNumber(value, spec.value.digits ?? 0) : noValue),
  }
}

function legend(theme: ChartTheme): LegendComponentOption {
  return { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: theme.ink } }
}

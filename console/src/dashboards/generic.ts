import type { Column, Domain } from '../api/types.ts'
import { namesThings } from '../format.ts'
import { countBy, freeName, topBy } from '../pipelines.ts'
import type { ChartSpec, Dashboard } from './dashboard.ts'

const most = 4
const bars = 10

/**
 * A dashboard for any table, from the types of its columns alone: rows over time for the first date, measures by the first
 * text column, rows by each text column; four charts at most.
 */
export function genericDashboard({ domain, columns }: Domain): Dashboard {
  const texts = columns.filter((column) => column.type === 'text')
  const dates = columns.filter((column) => column.type === 'date')
  const measures = columns.filter(
    (column) => (column.type === 'integer' || column.type === 'number') && !namesThings(column),
  )
  const [group] = texts
  const measureCharts = group ? measures.map((measure) => measureBy(group, measure, columns)) : []
  const charts = [
    ...dates.slice(0, 1).map((column) => rowsOverTime(column, columns)),
    ...measureCharts.slice(0, 2),
    // The first text column has bars already, unless there is nothing to measure.
    ...texts.slice(measureCharts.length > 0 ? 1 : 0).map((column) => rowsBy(column, columns)),
    ...measureCharts.slice(2),
  ]
  return {
    title: domain,
    filter: group ? { column: group.name, label: group.name } : null,
    charts: charts.slice(0, most).map((chart, index) => ({ ...chart, id: `chart-${index + 1}` })),
  }
}

type Draft = Omit<ChartSpec, 'id'>

function rowsOverTime(date: Column, columns: readonly Column[]): Draft {
  const count = freeName('rows', columns)
  return {
    title: 'Rows over time',
    note: `Rows in each month of ${date.name}.`,
    kind: 'line',
    steps: [{ name: 'filter', condition: { column: date.name, operator: 'notnull' } }, countBy([date.name], count)],
    category: { column: date.name, label: 'Month', by: 'month' },
    value: { column: count, label: 'Rows a month' },
  }
}

/** Whole numbers mostly count something and are added up; fractions mostly are rates, whose sum means nothing. */
function measureBy(group: Column, measure: Column, columns: readonly Column[]): Draft {
  const whole = measure.type === 'integer'
  const result = freeName('result', columns)
  return {
    title: `${measure.name} by ${group.name}`,
    note: `${whole ? 'Sum' : 'Average'} of ${measure.name}: the ${bars} highest.`,
    kind: 'bars',
    steps: [
      {
        name: 'aggregate',
        on: [group.name],
        aggregations: [{ newcolumns: [result], aggfunction: whole ? 'sum' : 'avg', columns: [measure.name] }],
      },
      topBy(result, bars),
    ],
    category: { column: group.name, label: group.name },
    value: { column: result, label: `${whole ? 'Sum' : 'Average'} of ${measure.name}`, digits: whole ? 0 : 4 },
  }
}

function rowsBy(column: Column, columns: readonly Column[]): Draft {
  const count = freeName('rows', columns)
  return {
    title: `Rows by ${column.name}`,
    note: `The ${bars} most frequent values.`,
    kind: 'bars',
    steps: [countBy([column.name], count), topBy(count, bars)],
    category: { column: column.name, label: column.name },
    value: { column: count, label: 'Rows' },
    whenAllOnes: `Every ${column.name} occurs once: nothing to compare.`,
  }
}

import { countBy, topBy } from '../pipelines.ts'
import type { ChartSpec, Dashboard } from './dashboard.ts'

const overTime: ChartSpec = {
  id: 'over-time',
  title: 'Strikes over time',
  note: 'Reported bird strikes in each month. The last month may be incomplete.',
  kind: 'line',
  steps: [countBy(['Flight Date'], 'strikes')],
  category: { column: 'Flight Date', label: 'Month', by: 'month' },
  value: { column: 'strikes', label: 'Strikes a month' },
}

const bySpecies: ChartSpec = {
  id: 'by-species',
  title: 'Ten species struck most often',
  note: 'Reported strikes. Birds that nobody could identify are left out.',
  kind: 'bars',
  steps: [
    { name: 'filter', condition: { column: 'Wildlife Species', operator: 'notmatches', value: '^Unknown' } },
    countBy(['Wildlife Species'], 'strikes'),
    topBy('strikes', 10),
  ],
  category: { column: 'Wildlife Species', label: 'Species' },
  value: { column: 'strikes', label: 'Strikes' },
}

/** Least to most severe. The source also has the codes B and C, which it does not explain. */
const damages = ['Minor', 'Medium', 'Substantial']

const damageByPhase: ChartSpec = {
  id: 'damage-by-phase',
  title: 'Damage by phase of flight',
  note: 'Strikes that damaged the aircraft. The codes B and C, unexplained in the source, are left out.',
  kind: 'stacked-bars',
  steps: [
    { name: 'filter', condition: { column: 'Effect Amount of damage', operator: 'in', value: damages } },
    countBy(['Phase of flight', 'Effect Amount of damage'], 'strikes'),
  ],
  category: {
    column: 'Phase of flight',
    label: 'Phase of flight',
    order: ['Parked', 'Taxi', 'Take-off run', 'Climb', 'Descent', 'Approach', 'Landing Roll'],
  },
  value: { column: 'strikes', label: 'Strikes with damage' },
  series: { column: 'Effect Amount of damage', label: 'Damage', order: damages },
}

const perMillion: ChartSpec = {
  id: 'per-million',
  title: 'Strikes for each million inhabitants',
  note: 'All years together (1990–2002), by state of origin: the ten highest. Population of a later year, from the domain states, which has no DC.',
  kind: 'bars',
  steps: [
    countBy(['Origin State'], 'strikes'),
    {
      name: 'join',
      rightPipeline: [{ name: 'domain', domain: 'states' }],
      type: 'inner',
      on: [['Origin State', 'state']],
    },
    { name: 'formula', newColumn: 'per_million', formula: '[strikes] / [population] * 1000000' },
    topBy('per_million', 10),
  ],
  category: { column: 'Origin State', label: 'State' },
  value: { column: 'per_million', label: 'Strikes per million inhabitants', digits: 1 },
}

/** The demo app's dashboard: FAA bird strikes, 1990 to 2002. */
export const birdstrikes: Dashboard = {
  title: 'Bird strikes',
  filter: { column: 'Origin State', label: 'State of origin' },
  charts: [overTime, bySpecies, damageByPhase, perMillion],
}

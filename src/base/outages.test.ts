import { expect, it } from 'vitest'
import { silentLog } from './log.ts'
import { createOutages } from './outages.ts'

it('says once that an outage begins and once that it is over', () => {
  const said: string[] = []
  const say = (level: string) => (fields: object, message: string) =>
    void said.push([level, ...Object.values(fields), message].join(' '))
  const log = { ...silentLog, warn: say('warn'), error: say('error'), info: say('info') }
  const outages = createOutages(log, { begins: 'down', ends: 'up' })
  outages.worked()
  for (const error of ['first', 'second']) outages.failed(error)
  for (let n = 0; n < 2; n++) outages.worked()
  outages.failed('third')
  createOutages(log, { level: 'error', begins: 'worse', ends: 'up' }).failed('fourth')
  expect(said).toEqual(['warn first down', 'info up', 'warn third down', 'error fourth worse'])
})

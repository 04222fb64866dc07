import { it } from 'vitest'
import { aShop, ask } from './shop.ts'

it('probe', async () => {
  const shop = await aShop()
  const of = (domain: string, ...stages: unknown[]) => [{ $match: { domain } }, ...stages]
  for (const m of [
    { $or: { 0: { salary: 314159 }, length: 1 } },
    { $or: 1 },
    { $or: 'x' },
    { $or: [] },
    { $nor: { 0: { salary: 314159 }, length: 1 } },
    { team: { $in: { 0: 'IT', length: 1 } } },
    { team: { $in: 'x' } },
    { team: { $regex: '(' } },
    { team: { $elemMatch: 1 } },
    { team: { $all: 3 } },
    { team: { $size: 'x' } },
    { $expr: { $divide: [1, 0] } },
    { $expr: { $add: ['$team', 1] } },
    { $expr: { $foo: 1 } },
  ]) {
    const t = Date.now()
    const r: any = await Promise.race([
      ask(shop.french, of('salaries', { $match: m })),
      new Promise((r) => setTimeout(() => r('HANG'), 3000)),
    ])
    console.log(
      JSON.stringify(m),
      r === 'HANG' ? r : r.status + ' ' + JSON.stringify(r.body).slice(0, 300),
      Date.now() - t,
    )
  }
}, 60000)

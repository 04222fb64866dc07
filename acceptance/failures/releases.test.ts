import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import { anInstallation, canBeSplit, type Installation } from './installation.ts'
import { askOnAndOn } from './reader.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

/** A release is seen everywhere within this time. */
const visibleMs = 200

const rounds = 30
const workers = 3

describe.skipIf(!canBeSplit)('readers of an app that is published again and again', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  /** How the ids of requests begin that were answered with rows: each web worker has its own beginning. */
  const answered = new Set<string>()

  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([installation.start('web', { args: ['--workers', `${workers}`] }), installation.start('worker')])
    client = noting(await installation.admin())
    shop = await aShop(client, source)
  })
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  const noting = (client: Client): Client => ({
    ...client,
    async data(app, body, stage) {
      // Each question may go to another worker: a connection that is kept goes to the same one.
      const answer = await client.data(app, body, stage, { connection: 'close' })
      answered.add(answer.requestId.slice(0, answer.requestId.lastIndexOf('-')))
      return answer
    },
  })

  it(`never see two releases in one answer, nor an old one ${visibleMs} ms after a new one`, async () => {
    const asking = askOnAndOn(() => shop.numbers(), { times: 8, pauseMs: 5 })
    const published: { readonly number: number; readonly at: number }[] = [{ number: 0, at: 0 }]
    for (let number = 1; number <= rounds; number++) {
      source.number = number
      expect(await shop.ended(await shop.begin('preprocess'))).toMatchObject({ state: 'done' })
      const { ended_at: at, ...operation } = await shop.ended(await shop.begin('release'))
      expect(operation).toMatchObject({ state: 'done', attempt: 1 })
      published.push({ number, at: Date.parse(at ?? '') })
    }
    const answers = await asking.stop()
    expect(answered.size).toBe(workers)
    expect(answers.length).toBeGreaterThan(10 * rounds)
    let latest = 0
    for (const { at, answer, error } of answers) {
      expect(error).toBeUndefined()
      const [one, two] = answer ?? []
      expect(one).toBe(two)
      // How long before this was asked had the release been done that followed the one that was seen?
      const next = published[(one ?? 0) + 1]
      if (next) latest = Math.max(latest, at - next.at)
    }
    process.stdout.write(
      `${answers.length} answers; an old release was given at most ${latest} ms after the next one\n`,
    )
    expect(latest).toBeLessThanOrEqual(visibleMs)
  })
})

import { aggregate } from 'mingo'
import type { MongoClient } from 'mongodb'
import { expect, it } from 'vitest'
import { killOperations } from './kill-operations.ts'

/** A server where these operations run, which notes what it is told. */
function serverWith(operations: readonly Record<string, unknown>[]) {
  const killed: unknown[] = []
  const admin = {
    aggregate: ([source, ...stages]: Record<string, unknown>[]) => {
      expect(source).toEqual({ $currentOp: { allUsers: false } })
      return { toArray: async () => aggregate([...operations], stages) }
    },
    command: async (command: unknown) => killed.push(command),
  }
  const client = { db: (name: string) => (name === 'admin' ? admin : undefined) }
  return { client: client as unknown as MongoClient, killed }
}

it('stops the operations with the comment, also those that fetch more of a cursor, and no others', async () => {
  const { client, killed } = serverWith([
    { opid: 1, command: { aggregate: 'rows_a', comment: 'laputa-x' } },
    { opid: 2, command: { aggregate: 'rows_a', comment: 'laputa-y' } },
    { opid: 'shard0:3', command: { getMore: 7 }, cursor: { originatingCommand: { comment: 'laputa-x' } } },
    { opid: 4, command: { hello: 1 } },
  ])
  await killOperations(client, 'laputa-x')
  expect(killed).toEqual([
    { killOp: 1, op: 1 },
    { killOp: 1, op: 'shard0:3' },
  ])
})

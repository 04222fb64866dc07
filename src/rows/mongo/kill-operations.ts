import type { MongoClient } from 'mongodb'

/** How long looking for operations, and stopping them, may take. */
const patienceMs = 5000

/**
 * Ends the operations at the server that carry the comment. Without `allUsers` the server shows the operations of our own user, for which
 * no right is needed; nor is one for stopping them.
 */
export async function killOperations(client: Pick<MongoClient, 'db'>, comment: string): Promise<void> {
  const admin = client.db('admin')
  const isOurs = { $or: [{ 'command.comment': comment }, { 'cursor.originatingCommand.comment': comment }] }
  const found = admin.aggregate<{ opid: unknown }>(
    [{ $currentOp: { allUsers: false } }, { $match: isOurs }, { $project: { opid: 1 } }],
    { maxTimeMS: patienceMs },
  )
  for (const { opid } of await found.toArray()) await admin.command({ killOp: 1, op: opid })
}

import { z } from 'zod'
import { privileges, roles } from '../../access/index.ts'
import { usernameKey } from '../../auth/index.ts'
import { visibleName } from '../../http/index.ts'

const longestAttributes = 64 * 1024

/** One character can stand for many once it is normalized: what is stored has a bound of its own. */
const username = visibleName('username').refine(
  (name) => usernameKey(name).length <= 500,
  'A username has at most 254 letters.',
)
const groupNames = z.array(visibleName('group name')).max(1000).refine(isUnique, 'A group is named twice.')
const roleNames = z.array(z.enum(roles)).min(1).refine(isUnique, 'A role is named twice.')

const privilegesByApp = z.record(
  z.string().regex(/^[a-z0-9-]{1,64}$/, 'An app id has 1 to 64 lower-case letters, digits and dashes.'),
  z.array(z.enum(privileges)).refine(isUnique, 'A privilege is named twice.'),
)

const attributes = z
  .record(z.string().min(1).max(100), z.json())
  .refine(
    (value) => JSON.stringify(value).length <= longestAttributes,
    `Attributes have at most ${longestAttributes} characters of JSON.`,
  )

/** An instant, or never. */
const expirationDate = z.iso.datetime({ offset: true }).nullable()
const password = z.string().min(1).max(1024)

/** Without a password the user cannot sign in with one. */
export const newUser = z.strictObject({
  username,
  password: password.optional(),
  roles: roleNames.optional(),
  privileges: privilegesByApp.optional(),
  groups: groupNames.optional(),
  attributes: attributes.optional(),
  disabled: z.boolean().optional(),
  expirationDate: expirationDate.optional(),
})
export type NewUser = z.infer<typeof newUser>

/** Each field that is given replaces the one there was, as a whole. */
export const userChange = newUser.omit({ username: true })
export type UserChange = z.infer<typeof userChange>

/** What others see of a user. `logins` keeps the form of the original's clients; `last_login` says the same in ISO 8601. */
export const userView = z.strictObject({
  username: z.string(),
  roles: z.array(z.enum(roles)),
  privileges: z.record(z.string(), z.array(z.enum(privileges))),
  groups: z.array(z.string()),
  attributes: z.record(z.string(), z.json()),
  disabled: z.boolean(),
  expirationDate: z.string().nullable(),
  has_password: z.boolean(),
  created_at: z.string(),
  created_by: z.string().nullable(),
  logins: z.array(z.strictObject({ date: z.strictObject({ $date: z.int() }) })),
  last_login: z.string().nullable(),
})
export type UserView = z.infer<typeof userView>

export const userParams = z.strictObject({ username })

/** Without a limit the list is whole, as the original's is. */
export const usersPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  after: username.optional(),
})

function isUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}

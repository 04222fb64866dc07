import { z } from 'zod'
import { visibleName } from '../../http/index.ts'

const groupName = visibleName('group name')

export const newGroup = z.strictObject({ name: groupName })
export const groupParams = z.strictObject({ name: groupName })

export const groupView = z.strictObject({ name: z.string(), created_at: z.string(), created_by: z.string().nullable() })
export type GroupView = z.infer<typeof groupView>

export const groupWithMembers = groupView.extend({ members: z.array(z.string()) })

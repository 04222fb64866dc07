/** The shapes that the console takes from the HTTP API, and no more of them than it uses. */

export type ColumnType = 'integer' | 'number' | 'text' | 'boolean' | 'date'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** A cell as JSON carries it: dates are ISO 8601 texts, integers beyond ±(2^53−1) are texts, absent is null. */
export type Cell = string | number | boolean | null

export type Row = Readonly<Record<string, Cell>>

export type Stage = 'production' | 'staging'

export interface Me {
  readonly username: string
  readonly roles: readonly string[]
  /** Privileges by app id. */
  readonly privileges: Readonly<Record<string, readonly string[]>>
  readonly groups: readonly string[]
}

export interface SmallApp {
  readonly id: string
  readonly name: string
}

export interface Domain {
  readonly domain: string
  /** Rows of the domain without any rule: only builders and administrators are told. */
  readonly count?: number | null
  readonly columns: readonly Column[]
}

export interface Slice {
  readonly offset: number
  readonly limit: number
}

/** `limit` is null where nothing limited the answer. */
export interface SliceInfo {
  readonly offset: number
  readonly limit: number | null
}

export interface PaginationInfo {
  readonly parameters: SliceInfo
  readonly pagination_info:
    | { readonly type: 'known_size'; readonly total_rows: number; readonly is_last_page: boolean }
    | { readonly type: 'unknown_size'; readonly is_last_page: boolean }
  readonly next_page: SliceInfo | null
  readonly previous_page: SliceInfo | null
}

/** A value of a user, as rules compare it with columns. */
export type AttributeValue = Cell | readonly Cell[]

/** A user, or what rules look at of one. */
export type ViewAs =
  | { readonly user: string }
  | { readonly groups: readonly string[]; readonly attributes: Readonly<Record<string, AttributeValue>> }

export type RuleCondition =
  | { readonly and: readonly RuleCondition[] }
  | { readonly or: readonly RuleCondition[] }
  | { readonly always: boolean }
  | { readonly column: string; readonly operator: string; readonly value?: AttributeValue }

export interface ColumnRule {
  readonly hide: readonly string[]
  readonly mask: Readonly<Record<string, Cell>>
}

export interface ConsideredRecord {
  readonly id: string
  readonly scope: 'DEFAULT' | 'ALL_USERS' | 'USER_GROUP'
  readonly group: string | null
  readonly applied: boolean
  readonly why: 'everybody' | 'member' | 'fallback' | 'other_group' | 'fallback_unused' | 'exempt'
  readonly condition: RuleCondition | null
}

/** The rule of one person about a domain. The username is empty for groups and attributes that are nobody's. */
export interface PersonalRule {
  readonly username: string
  readonly because: 'records' | 'fallback' | 'no_match' | 'unset_allow' | 'unset_deny' | 'staging_builder'
  readonly records: readonly ConsideredRecord[]
  readonly condition: RuleCondition
}

export interface DomainExplanation {
  readonly domain: string
  readonly rules: readonly PersonalRule[]
  readonly columns: ColumnRule | null
  readonly enforced: { readonly where: 'pushed' | 'after-fetch'; readonly engine: string } | null
  readonly rows_dropped: number | null
}

/** How an answer came about. Who does not build the app is told only whether rules took part, and the state of the cache. */
export interface Explanation {
  readonly restricted: boolean
  readonly domains?: readonly DomainExplanation[]
  readonly cache: {
    readonly state: 'hit' | 'miss' | 'stale' | 'bypass'
    readonly age_ms?: number
    readonly ttl_ms?: number
  }
}

export interface Answer {
  readonly data: readonly Row[]
  readonly columns: readonly Column[]
  readonly pagination_info: PaginationInfo
  /** Rows are missing because a limit of the server cut the answer. */
  readonly truncated: boolean
  readonly data_version: string
  /** Rows were left out by the viewer's rules. */
  readonly restricted?: boolean
  readonly explain?: Explanation
}

export type OperationState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** Something that the server does in the background. Times are ISO 8601. */
export interface Operation {
  readonly id: string
  readonly job: string
  readonly app: string | null
  readonly stage: Stage | null
  readonly state: OperationState
  readonly by: string | null
  readonly attempt: number
  readonly progress: {
    readonly stage: string
    readonly percent: number | null
    readonly remaining_ms: number | null
  } | null
  readonly lines: readonly string[]
  readonly error: { readonly title: string; readonly detail: string } | null
  readonly created_at: string
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly changed_at: string
}

export interface Started {
  readonly operation_id: string
}

/** What a websocket brings, as far as the console looks at it. Any other message has another type. */
export interface LiveMessage {
  readonly type: string
  readonly id?: string
  readonly operation?: Operation
}

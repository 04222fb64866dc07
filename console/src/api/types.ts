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

export interface Answer {
  readonly data: readonly Row[]
  readonly columns: readonly Column[]
  readonly pagination_info: PaginationInfo
  /** Rows are missing because a limit of the server cut the answer. */
  readonly truncated: boolean
  readonly data_version: string
  /** Rows were left out by the viewer's rules. */
  readonly restricted?: boolean
}

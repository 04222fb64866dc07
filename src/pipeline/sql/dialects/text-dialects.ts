import type { ServerDialect } from '../dialect.ts'
import { athenaDialect } from './athena.ts'
import { bigqueryDialect } from './bigquery.ts'
import { clickhouseDialect } from './clickhouse.ts'
import { databricksDialect } from './databricks.ts'
import { oracleDialect } from './oracle.ts'
import { redshiftDialect } from './redshift.ts'
import { snowflakeDialect } from './snowflake.ts'
import { sqlserverDialect } from './sqlserver.ts'

/** A dialect of a database that no test can start: what is known about it is its texts. */
export interface TextDialect {
  readonly dialect: ServerDialect
  /** The parser that knows its grammar, where npm has one: a build of node-sql-parser, or a class of dt-sql-parser. */
  readonly parser?: 'redshift' | 'snowflake' | 'bigquery' | 'athena' | 'transactsql' | 'TrinoSQL' | 'SparkSQL'
  /** Documented constructs that the parser does not know, and what it reads in their place so that it reads the rest. */
  readonly unknown?: readonly (readonly [construct: RegExp, instead: string])[]
  /** What can take away the meaning of the closing quote inside of a name: only the quote itself, or a backslash as well. */
  readonly escapes: 'doubled' | 'backslash'
}

/** In the order in which they were written; a new one is one more line. */
export const textDialects: readonly TextDialect[] = [
  { dialect: redshiftDialect, parser: 'redshift', escapes: 'doubled' },
  { dialect: snowflakeDialect, parser: 'snowflake', escapes: 'doubled' },
  { dialect: databricksDialect, parser: 'SparkSQL', escapes: 'doubled' },
  { dialect: clickhouseDialect, escapes: 'backslash' },
  { dialect: bigqueryDialect, parser: 'bigquery', escapes: 'backslash' },
  {
    dialect: sqlserverDialect,
    parser: 'transactsql',
    unknown: [
      [/ COLLATE \w+/g, ''],
      [/TRY_CAST\(/g, 'CAST('],
      [/ OFFSET 0 ROWS(?! FETCH)/g, ' OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY'],
      // A set of characters to trim.
      [/nvarchar\(50\)\) FROM /g, 'nvarchar(50)), '],
      [/INTERSECT/g, 'UNION'],
    ],
    escapes: 'doubled',
  },
  { dialect: oracleDialect, escapes: 'doubled' },
  { dialect: athenaDialect, parser: 'TrinoSQL', escapes: 'doubled' },
]

export type { Comparison, Condition, ConditionLeaf, RelativeDate } from './condition.ts'
export { createEvaluator, type EvaluatorOptions, type RowReader } from './conditions/evaluate.ts'
export type { Grammar } from './conditions/issues.ts'
export { type ConditionOptions, maxConditionDepth, parseCondition } from './conditions/parse.ts'
export { type PatternProblem, patternProblem } from './conditions/patterns.ts'
export { canonicalQuery, type DomainUse, domainsOf, mapDomainSteps } from './domain-steps.ts'
export type { Batch, Capabilities, Engine, PageInfo, Slice, SliceRequest, Stats } from './engine.ts'
export { compileMongo, type MongoOptions } from './mongo/compile.ts'
export type { CompiledMongo, MongoColumn, MongoSource } from './mongo/relation.ts'
export type { Stage } from './mongo/stage.ts'
export { maxPipelineDepth, maxSteps, type ParseOptions, parsePipeline } from './parsing/parse-pipeline.ts'
export type { ParsedPipeline } from './parsing/parsed.ts'
export { renderPipeline } from './parsing/render-pipeline.ts'
export { type AskValues, maxPivotColumns, settlePivots } from './pivots.ts'
export type { Fingerprint, Guarded, Pipeline, Query } from './query.ts'
export { compileSql, type SqlOptions } from './sql/compile.ts'
export type { SqlDialect } from './sql/dialect.ts'
export { duckdbDialect } from './sql/dialects/duckdb.ts'
export { mysqlDialect } from './sql/dialects/mysql.ts'
export { postgresDialect } from './sql/dialects/postgres.ts'
export { type Bound, bind, identifier, joinSql, renderSql, type Sql, sql } from './sql/fragment.ts'
export type { CompiledSql, SqlColumn, SqlSource } from './sql/relation.ts'
export { at, type DomainStep } from './step.ts'
export { type StepSchema, stepSchemas } from './step-schemas.ts'
export { mongoSteps, type Step } from './steps/index.ts'
export {
  compileTemplate,
  isTemplate,
  maxTemplateLength,
  type Template,
  type TemplateOptions,
} from './templates/template.ts'
export type { TemplateValue, TemplateVariables } from './templates/values.ts'
export type { Column, ColumnType, Value } from './values.ts'

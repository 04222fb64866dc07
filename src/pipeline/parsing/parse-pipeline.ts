import { isObject, nearestNames } from '../../base/index.ts'
import { type AnyStep, isDomainStep, type NestedPipeline } from '../step.ts'
import { readsPrevious } from '../steps/customsql.ts'
import { type AnyStepDefinition, definitionOf, stepNames, steps } from '../steps/index.ts'
import type { FindReference, Level, Reader } from './level.ts'
import { type ParsedNested, type ParsedPipeline, type ParsedStep, pipelineProblem, turnNested } from './parsed.ts'
import { pointer } from './pointer.ts'
import { camelCase } from './record.ts'
import { type Resolved, resolve, resolveFirst } from './references.ts'
import { templateErrors } from './templates.ts'
import { hasTemplate, stepError, validateStep } from './validate.ts'

/** All steps of a pipeline together, those of nested pipelines included, unless the caller says otherwise. */
export const maxSteps = 200
/** Pipelines inside pipelines. */
export const maxPipelineDepth = 12
/** Objects and lists inside one step: room for the deepest condition. */
const maxValueDepth = 120

export interface ParseOptions {
  /** The domain of the request: a pipeline without a leading domain step reads it. */
  readonly domain?: string | undefined
  /** JSON Pointer of the pipeline in what the client sent. */
  readonly at?: string
  readonly maxSteps?: number
  readonly reference?: FindReference
  /** Whether steps that were sent, not saved, may be native SQL for the connection of their domain. Default: they may not. */
  readonly mayBeNative?: boolean
}

/**
 * Reads a pipeline as a client sent it. Steps without templates are checked wholly, the others as far as possible. Errors:
 * `pipeline_invalid` that lists everything that is wrong, with the step and the place of each.
 */
export function parsePipeline(raw: unknown, options: ParseOptions): ParsedPipeline {
  const { domain, at = '/pipeline', reference, mayBeNative = false } = options
  const reader: Reader = { errors: [], count: 0, most: options.maxSteps ?? maxSteps, reference, mayBeNative }
  const level = { reader, place: at, level: 0, within: [] }
  const resolved = resolveFirst(raw, level)
  const { steps: whole, isLost } = resolved
  const parsed = readSteps(resolved, level)
  const leads = beginsWithDomain(whole)
  if (leads) checkDomain(parsed[0], domain, reader)
  else if (domain === undefined && !isLost) {
    const message = 'The pipeline needs a domain: begin with a domain step, or name it in the request.'
    if (Array.isArray(raw)) reader.errors.unshift({ path: at, message })
  }
  if (reader.errors.length > 0) throw pipelineProblem(reader.errors)
  return { steps: leads || domain === undefined ? parsed : [domainStep(domain, '/domain'), ...parsed] }
}

function checkDomain(first: ParsedStep | undefined, domain: string | undefined, { errors }: Reader): void {
  const step = first?.ready
  if (!first || !step || !isDomainStep(step) || domain === undefined || step.domain === domain) return
  const message = `The pipeline begins with another domain than "${domain}", which the request names.`
  errors.push(stepError({ name: 'domain', place: first.place }, [], { message }))
}

function readSteps({ steps: raw, within }: Resolved, { reader, place, level }: Level): ParsedStep[] {
  if (!Array.isArray(raw)) {
    reader.errors.push({ path: place, message: 'A pipeline is a list of steps.' })
    return []
  }
  if (level > maxPipelineDepth) {
    reader.errors.push({ path: place, message: `Pipelines nest at most ${maxPipelineDepth} levels deep.` })
    return []
  }
  const parsed: ParsedStep[] = []
  for (const [index, item] of raw.entries()) {
    const here = { reader, place: `${place}/${index}`, level, within: within[index] ?? [] }
    if (!hasRoom(reader, here.place)) return parsed
    const step = readStep(item, here, index)
    if (step) parsed.push(step)
  }
  return parsed
}

/** Counts one more step. Too many are reported once, where the first of them stands. */
function hasRoom(reader: Reader, place: string): boolean {
  reader.count++
  if (reader.count === reader.most + 1) {
    reader.errors.push({ path: place, message: `A pipeline has at most ${reader.most} steps in all.` })
  }
  return reader.count <= reader.most
}

function readStep(raw: unknown, level: Level, index: number): ParsedStep | undefined {
  const { reader, place } = level
  if (!isObject(raw) || typeof raw.name !== 'string') {
    reader.errors.push({ path: place, message: 'A step is an object with a "name".' })
    return undefined
  }
  const { name, ...fields } = raw
  const here = { name: raw.name, place }
  const definition = definitionOf(raw.name)
  if (!definition) {
    const nearest = nearestNames(raw.name, stepNames)
    const rest = { message: `There is no step "${raw.name}".`, ...(nearest.length > 0 ? { nearest } : {}) }
    reader.errors.push(stepError(here, ['name'], rest))
    return undefined
  }
  if (definition === steps.domain && index > 0) {
    reader.errors.push(stepError(here, [], { message: 'The domain step can only be the first.' }))
    return undefined
  }
  return readFields(definition, fields, level)
}

function readFields(
  definition: AnyStepDefinition,
  fields: Record<string, unknown>,
  level: Level,
): ParsedStep | undefined {
  const { reader, place } = level
  const here = { name: definition.name, place }
  const nested = new Map<string, ParsedNested>()
  const raw: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    const field = camelCase(key)
    const inside = { definition, path: [key], ...level }
    if (definition.pipelines?.includes(field)) nested.set(key, { pipeline: readNested(value, inside) })
    else if (definition.pipelineLists?.includes(field)) nested.set(key, { list: readNestedList(value, inside) })
    else if (!isDeeper(value, maxValueDepth)) raw[key] = value
    else {
      reader.errors.push(stepError(here, [key], { message: 'This nests too deep.' }))
      return undefined
    }
  }
  // A domain's name is never rendered: what a query reads must be plain to see for whoever checks it.
  if (definition === steps.customsql && level.within.length === 0 && !reader.mayBeNative && !readsPrevious(raw)) {
    reader.errors.push(stepError(here, [], { message: nativeRefusal }))
    return undefined
  }
  const isNative = definition.native !== undefined
  const templated = isNative || (definition !== steps.domain && hasTemplate(raw))
  const errors = templated && !isNative ? templateErrors(here, raw) : []
  const pipelines = [...nested].map(([key, field]) => [key, turnNested(field, readyPipeline)] as const)
  const known = new Map(
    [...nested].map(([key, field]) => [key, turnNested(field, (list) => readyPipeline(list) ?? placeholder) ?? []]),
  )
  const validated = validateStep({ definition, place, raw, nested: known })
  if ('errors' in validated) errors.push(...validated.errors)
  reader.errors.push(...errors)
  const isReady = !templated && pipelines.every(([, pipeline]) => pipeline !== undefined)
  return { definition, place, raw, nested, ready: isReady && 'step' in validated ? validated.step : undefined }
}

interface Inside extends Level {
  readonly definition: AnyStepDefinition
  /** Where the pipeline stands in its step. */
  readonly path: readonly (string | number)[]
}

/** A pipeline inside a step: a domain by its name, or a list that begins with a domain step. */
function readNested(sent: unknown, { definition, path, reader, place, level, within }: Inside): readonly ParsedStep[] {
  const inside = { reader, place: pointer(place, path), level: level + 1, within }
  const resolved = resolve(sent, inside)
  const { steps: raw, isLost } = resolved
  // It counts as the step that it would have been, so that not every one of very many is reported.
  if (isLost) {
    reader.count++
    return []
  }
  if (typeof raw === 'string' && raw !== '') {
    return hasRoom(reader, inside.place) ? [domainStep(raw, inside.place)] : []
  }
  if (!beginsWithDomain(raw)) {
    const message = 'This should be the name of a domain, or a list of steps that begins with a domain step.'
    reader.errors.push(stepError({ name: definition.name, place }, path, { message }))
  }
  return Array.isArray(raw) ? readSteps(resolved, inside) : []
}

function readNestedList(raw: unknown, inside: Inside): (readonly ParsedStep[])[] {
  const { definition, path, reader, place } = inside
  if (!Array.isArray(raw)) {
    const message = 'This should be a list: of names of domains, or of lists of steps that begin with a domain step.'
    reader.errors.push(stepError({ name: definition.name, place }, path, { message }))
    return []
  }
  const list: (readonly ParsedStep[])[] = []
  for (const [index, item] of raw.entries()) {
    if (reader.count > reader.most) break
    list.push(readNested(item, { ...inside, path: [...path, index] }))
  }
  return list
}

function domainStep(domain: string, place: string): ParsedStep {
  const validated = validateStep({ definition: steps.domain, place, raw: { domain }, nested: new Map() })
  const ready = 'step' in validated ? validated.step : undefined
  return { definition: steps.domain, place, raw: { domain }, nested: new Map(), ready }
}

/** Stands for a pipeline that still has templates, so that the rest of its step can be checked. */
const placeholder: NestedPipeline = [{ name: 'domain', domain: '' }]

/** The steps of a nested pipeline when all of them are ready. */
function readyPipeline(list: readonly ParsedStep[]): NestedPipeline | undefined {
  const ready = list.map((step) => step.ready)
  if (ready.includes(undefined)) return undefined
  const [first, ...rest] = ready.filter((step): step is AnyStep => step !== null && step !== undefined)
  return first && isDomainStep(first) ? [first, ...rest] : undefined
}

function beginsWithDomain(raw: unknown): boolean {
  return Array.isArray(raw) && isObject(raw[0]) && raw[0].name === 'domain'
}

const nativeRefusal =
  'SQL for a connection takes the privilege "contribute", or a saved query. SQL that reads the rows so far, as ##PREVIOUS_STEP##, does not.'

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

import { z } from 'zod'
import { parseDuration, parseSize } from '../base/index.ts'

/** How a value is written, and so how the text of an environment variable is read. */
export type SettingKind = 'text' | 'folder' | 'integer' | 'boolean' | 'choice' | 'duration' | 'size' | 'list'

/** What people are told about a setting: in messages, in `laputa config explain` and in docs/configuration.md. */
export interface SettingMeta {
  readonly kind: SettingKind
  readonly description: string
  /** Completes the sentence "… is not". */
  readonly expected: string
  /** As it is written in the file; null when nothing is set. */
  readonly default: string | number | boolean | readonly string[] | null
  readonly example: string | number | boolean | readonly string[]
  /** Its value is never shown: not in messages, not by `explain`. */
  readonly secret: boolean
}

export const settingRegistry = z.registry<SettingMeta>()
export const groupRegistry = z.registry<{ readonly description: string }>()

interface About<T> {
  readonly description: string
  readonly default: T
  /** When the default is a poor example. */
  readonly example?: T
}

interface Bounds<T> {
  readonly min: T
  readonly max: T
}

function meta<T extends SettingMeta['example']>(kind: SettingKind, expected: string, about: About<T>): SettingMeta {
  const { description, example = about.default } = about
  return { kind, expected, description, default: about.default, example, secret: false }
}

/** A folder: relative ones count from the working directory, and are absolute once loaded. */
export function folder(about: About<string>) {
  // The shell expands `~`, we would make a folder of that name.
  const schema = z.string().regex(/^[^~\0][^\0]*$/)
  return schema
    .prefault(about.default)
    .register(settingRegistry, meta('folder', 'the path of a folder (without `~`)', about))
}

export function host(about: About<string>) {
  const schema = z.string().regex(/^[\w.:-]+$/)
  return schema.prefault(about.default).register(settingRegistry, meta('text', 'an address or a host name', about))
}

/** A text, by default of any form. An empty default means that nothing is set. */
export function text({ pattern, expected = 'a text', ...about }: About<string> & TextForm) {
  const schema = pattern ? z.string().regex(pattern) : z.string().regex(/^[^\0]*$/)
  return schema.prefault(about.default).register(settingRegistry, meta('text', expected, about))
}

export function texts({ pattern, expected = 'a list of texts', ...about }: About<readonly string[]> & TextForm) {
  const item = pattern ? z.string().regex(pattern) : z.string()
  return z
    .array(item)
    .prefault([...about.default])
    .register(settingRegistry, meta('list', expected, about))
}

interface TextForm {
  readonly pattern?: RegExp
  /** Completes the sentence "… is not". */
  readonly expected?: string
}

export function integer({ min, max, of, ...about }: About<number> & Bounds<number> & { readonly of?: string }) {
  const expected = `a whole number${of ? ` of ${of}` : ''} from ${min} to ${max}`
  const schema = z.int().min(min).max(max)
  return schema.prefault(about.default).register(settingRegistry, meta('integer', expected, about))
}

export function toggle(about: About<boolean>) {
  return z
    .boolean()
    .prefault(about.default)
    .register(settingRegistry, meta('boolean', 'true or false', about))
}

export function choice<const T extends readonly [string, ...string[]]>(values: T, about: About<T[number]>) {
  const expected =
    values.length === 1 ? `\`${values[0]}\`, the only choice so far` : `one of \`${values.join('`, `')}\``
  return z
    .enum(values)
    .prefault(about.default)
    .register(settingRegistry, meta('choice', expected, about))
}

/** A text such as `30 s`; a number of milliseconds once loaded. */
export function duration({ min, max, ...about }: About<string> & Bounds<string>) {
  const schema = measured(parseDuration, { min, max })
  const expected = `a duration with its unit, from ${min} to ${max}`
  return schema.prefault(about.default).register(settingRegistry, meta('duration', expected, about))
}

/** A text such as `8 MiB`; a number of bytes once loaded. */
export function size({ min, max, ...about }: About<string> & Bounds<string>) {
  const schema = measured(parseSize, { min, max })
  const expected = `a size with its unit, from ${min} to ${max}`
  return schema.prefault(about.default).register(settingRegistry, meta('size', expected, about))
}

/** Addresses or networks, as the HTTP server takes them for its trusted proxies. */
export function networks(about: About<readonly string[]>) {
  const names = z.enum(['loopback', 'linklocal', 'uniquelocal'])
  const item = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6(), names])
  const expected = 'a list of addresses, networks (`10.0.0.0/8`) or the names `loopback`, `linklocal`, `uniquelocal`'
  return z
    .array(item)
    .prefault([...about.default])
    .register(settingRegistry, meta('list', expected, about))
}

/** A text that nobody is shown; undefined when it is not set. */
export function secret({ minLength, description }: { readonly minLength: number; readonly description: string }) {
  const expected = `a text of at least ${minLength} characters`
  const about = {
    kind: 'text',
    description,
    expected,
    default: null,
    example: `<${minLength} random characters>`,
  } as const
  return z
    .string()
    .min(minLength)
    .optional()
    .register(settingRegistry, { ...about, secret: true })
}

/** Texts that nobody is shown, none by default. In a variable they are written with commas, so none of them has a comma. */
export function secrets({ minLength, description }: { readonly minLength: number; readonly description: string }) {
  const about = {
    kind: 'list',
    description,
    expected: `a list of texts of at least ${minLength} characters, without commas`,
    default: null,
    example: [`<${minLength} random characters>`],
  } as const
  return z
    .array(
      z
        .string()
        .min(minLength)
        .regex(/^[^,]*$/),
    )
    .prefault([])
    .register(settingRegistry, { ...about, secret: true })
}

/** Hosts that are allowed: addresses, networks or names. */
export function hosts(about: About<readonly string[]>) {
  const name = z.string().regex(/^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i)
  const item = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6(), name])
  const expected = 'a list of addresses, networks (`10.0.0.0/8`) or host names'
  return z
    .array(item)
    .prefault([...about.default])
    .register(settingRegistry, meta('list', expected, about))
}

function measured(parse: (text: string) => number | undefined, { min, max }: Bounds<string>) {
  const lowest = parse(min) ?? 0
  const highest = parse(max) ?? 0
  return z.string().transform((text, context) => {
    const amount = parse(text)
    if (amount !== undefined && amount >= lowest && amount <= highest) return amount
    context.addIssue('out of range')
    return z.NEVER
  })
}

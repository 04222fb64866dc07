import { readFileSync } from 'node:fs'
import { isScalar, parseDocument, visit } from 'yaml'

/**
 * A JSON or YAML file as plain values. Integers that JavaScript's numbers cannot hold are bigint. YAML is read as its version 1.1,
 * which the fixtures are written in, except that `y` and `n` are texts, and that keys stay as they are written: `on` is a name.
 */
export function readDataFile(path: string): unknown {
  const text = readFileSync(path, 'utf8')
  // JSON.parse would round them; YAML reads JSON too, only slower.
  const isExact = path.endsWith('.json') && !/(?<![\d."])-?\d{16,}(?![\d."])/.test(text)
  return isExact ? JSON.parse(text) : parseYaml(text)
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { version: '1.1', intAsBigInt: true })
  const [error] = document.errors
  if (error) throw error
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value !== 'string' && key.source !== undefined) key.value = key.source
    },
    Scalar: (_, scalar) => {
      if (scalar.source && /^[yn]$/i.test(scalar.source)) scalar.value = scalar.source
    },
  })
  return withSafeIntegers(document.toJS())
}

function withSafeIntegers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(withSafeIntegers)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withSafeIntegers(member)]))
}

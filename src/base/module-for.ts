import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * The module of a worker thread, named without its ending relative to the module that starts it. Run from the sources, a thread has to learn
 * TypeScript first.
 */
export function moduleFor(starter: string, name: string): URL {
  if (!starter.endsWith('.ts')) return new URL(`${name}.js`, starter)
  const tsx = pathToFileURL(createRequire(starter).resolve('tsx/package.json'))
  const typescript = new URL('./dist/esm/api/index.mjs', tsx)
  const module = new URL(`${name}.ts`, starter)
  const code = `const { register } = await import('${typescript}'); register(); await import('${module}')`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}

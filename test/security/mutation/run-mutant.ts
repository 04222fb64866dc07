import { text } from 'node:stream/consumers'
import { startVitest } from 'vitest/node'

/** Runs one file of tests while a file of `src` has the text that comes in. `cache` is a folder for what stays the same between runs. */
const [path = '', tests = '', cache = ''] = process.argv.slice(2)
const mutated = await text(process.stdin)

const vitest = await startVitest(
  'test',
  [tests],
  {
    ...{ watch: false, config: false, reporters: ['default'], testTimeout: 20_000, hookTimeout: 20_000 },
    ...{ bail: 1, include: [tests] },
    experimental: { fsModuleCache: true, fsModuleCachePath: cache },
  },
  {
    plugins: [
      {
        name: 'mutant',
        enforce: 'pre',
        load: (id) => (id === path ? mutated : undefined),
        configureVitest: ({ experimental_defineCacheKeyGenerator: define }) => {
          define(({ id }) => (id === path ? false : undefined))
        },
      },
    ],
  },
)
const modules = vitest.state.getTestModules()
const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
const broken = modules.filter((module) => module.errors().length > 0).length
const failed = results.filter((state) => state === 'failed').length
process.stdout.write(`\nmutant: ${failed + broken} failed of ${results.length}\n`)
await vitest.close()
process.exit(0)

/**
 * Loaded into a process before anything else (`--require`): its clock goes wrong by as many milliseconds as the file says that
 * `JUMPING_CLOCK` names. Only what a person could change is changed: the time that passes (`performance`, `process.hrtime`, timers)
 * goes on as before.
 */
const { readFileSync } = require('node:fs')

const lookEveryMs = 20

const Right = Date
const rightNow = Date.now
const file = process.env.JUMPING_CLOCK
let wrongBy = 0
let lookedAt = Number.NEGATIVE_INFINITY

function now() {
  const at = performance.now()
  if (at - lookedAt > lookEveryMs) {
    lookedAt = at
    wrongBy = Number(readFileSync(file, 'utf8'))
  }
  return rightNow() + wrongBy
}

Right.now = now
globalThis.Date = new Proxy(Right, {
  apply: () => new Right(now()).toString(),
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
})

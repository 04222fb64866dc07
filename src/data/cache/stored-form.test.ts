import { expect, it } from 'vitest'
import { tagOf } from './entry.ts'
import { decode, encode, type Stored } from './stored-form.ts'

const body = Buffer.from('{"data":[\n{"a":"é"}]}')
const answer: Stored = { kind: 'answer', entry: { body, etag: tagOf(body), at: 1_800_000_000_000 } }
const error: Stored = {
  kind: 'error',
  problem: { code: 'source_failed', detail: 'no\nanswer', errors: [{ path: '/x', message: 'm' }] },
  until: 1_800_000_000_000,
}

it('reads back what it wrote', () => {
  expect(decode('k', encode('k', answer))).toEqual(answer)
  expect(decode('k', encode('k', error))).toEqual(error)
})

it('takes nothing for another key, whatever was stored under this one', () => {
  expect(decode('k', encode('other', answer))).toBeNull()
  expect(decode('k', encode('other', error))).toBeNull()
})

it('notices every byte that is another one, missing or too many', () => {
  const whole = encode('k', answer)
  for (let at = 0; at < whole.length; at++) {
    const altered = Buffer.from(whole)
    altered[at] = altered[at]! ^ 1
    const read = decode('k', altered)
    // The time is not in the tag: another digit there is another age, which the limits on ages hold.
    if (read?.kind === 'answer') expect(read.entry.body).toEqual(body)
    expect(decode('k', whole.subarray(0, at))).toBeNull()
  }
  expect(decode('k', Buffer.concat([whole, Buffer.from('x')]))).toBeNull()
  for (const text of ['', '\n', 'null\n', '{}\n', '[]\n[]', '{"kind":"answer"}\n', '\u0000\u0001\n'])
    expect(decode('k', Buffer.from(text))).toBeNull()
})

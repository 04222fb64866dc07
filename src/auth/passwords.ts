import { hash, type Options, verify } from '@node-rs/argon2'
import { newSecret, Problem, type ProblemItem } from '../base/index.ts'
import { isCommonPassword } from './common-passwords.ts'

/** Argon2id with the parameters that OWASP recommends: 19 MiB, two passes, one lane. */
const cost: Options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const adminLength = 12
const adminClasses = 3

export interface PasswordOwner {
  readonly username: string
  readonly admin: boolean
}

export interface Passwords {
  /** Hashes a password that the policy admits. Errors: `invalid_request` with one item at `/password` for each rule that it breaks. */
  hash(password: string, owner: PasswordOwner): Promise<string>
  /** Costs the same time whether there is a hash or not. */
  verify(hash: string | null, password: string): Promise<boolean>
  /** Whether an administrator may have it. */
  suitsAdmin(password: string): boolean
}

export interface PasswordSettings {
  /** Characters. */
  readonly min_length: number
}

export async function createPasswords(settings: PasswordSettings): Promise<Passwords> {
  const nobody = await hash(newSecret(), cost)
  return {
    async hash(password, owner) {
      const errors = brokenRules(password, owner, settings)
      if (errors.length > 0) throw new Problem('invalid_request', 'The password is too easy to guess.', { errors })
      return hash(password.normalize('NFC'), cost)
    },
    async verify(stored, password) {
      const matches = await verify(stored ?? nobody, password.normalize('NFC'))
      return matches && stored !== null
    },
    suitsAdmin: (password) => adminRules(password).length === 0,
  }
}

function brokenRules(password: string, { username, admin }: PasswordOwner, settings: PasswordSettings): ProblemItem[] {
  const rules = admin ? adminRules(password) : []
  if (lengthOf(password) < settings.min_length)
    rules.unshift(`A password has at least ${settings.min_length} characters.`)
  if (password.toLowerCase().includes(username.toLowerCase())) rules.push('A password does not contain the username.')
  if (isCommonPassword(password)) rules.push('This password is among the first that an attacker tries.')
  return rules.map((message) => ({ path: '/password', message }))
}

function adminRules(password: string): string[] {
  const classes = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((pattern) => pattern.test(password)).length
  const rules: string[] = []
  if (lengthOf(password) < adminLength)
    rules.push(`The password of an administrator has at least ${adminLength} characters.`)
  if (classes < adminClasses) {
    rules.push('The password of an administrator mixes three of: small letters, capitals, digits, other characters.')
  }
  return rules
}

const lengthOf = (text: string) => [...text].length

/**
 * First path segments that an app may not take: every instance route, and what the original's clients and front ends ask for at
 * the root. A test checks that no registered instance route is missing here.
 */
const reserved: ReadonlySet<string> = new Set([
  'audit',
  'auth',
  'config',
  'connectors',
  'console',
  'docs',
  'embed',
  'embed-html',
  'groups',
  'health',
  'live',
  'login',
  'logout',
  'me',
  'metrics',
  'oauth',
  'openapi',
  'operations',
  'password',
  'pipeline',
  'render',
  'scim',
  'scripts',
  'settings',
  'small-apps',
  'static',
  'users',
  'v0',
])

export function isReserved(id: string): boolean {
  return reserved.has(id)
}

import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { errorCatalogue, Problem } from '../base/index.ts'
import { pagePolicy } from './headers.ts'

export interface PagesOptions {
  readonly version: string
  /** The folder of the built console; without it `/console/` answers 404. */
  readonly console?: string | undefined
}

/** What people see in a browser: the console, and what the errors mean. */
export async function registerPages(
  server: FastifyInstance,
  { version, console: folder }: PagesOptions,
): Promise<void> {
  const identity = JSON.stringify({ name: 'laputa', version })
  server.get('/', { schema: { hide: true } }, (request, reply) => {
    reply.header('vary', 'Accept')
    if (/\btext\/html\b/.test(request.headers.accept ?? '')) return reply.redirect('/console/')
    return reply.type('application/json; charset=utf-8').send(identity)
  })
  const errors = errorsPage()
  server.get('/docs/errors', { schema: { hide: true } }, (_request, reply) => {
    reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(errors)
  })
  if (folder !== undefined && existsSync(folder)) await registerConsole(server, folder)
}

async function registerConsole(server: FastifyInstance, folder: string): Promise<void> {
  await server.register(async (scope) => {
    // Whatever is the matter with a path, there is no such file.
    scope.setErrorHandler((cause) => {
      throw new Problem('not_found', 'The console has no such file.', { cause })
    })
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/console/',
      decorateReply: false,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders(reply, path) {
        reply.header('content-security-policy', pagePolicy)
        // The builder puts a hash of the content into the names of what lies in `assets`.
        const hashed = path.includes(`${sep}assets${sep}`)
        reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  })
  server.get('/console', { schema: { hide: true } }, (_request, reply) => reply.redirect('/console/'))
}

/** Where the `type` of a problem document leads. */
function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title, remedy }]) =>
      `<dt id="${code}"><code>${code}</code> (${status}): ${escapeHtml(title)}</dt><dd>${escapeHtml(remedy)}</dd>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Errors</title><h1>Errors</h1><dl>${rows.join('\n')}</dl></html>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { createJsonSchemaTransform } from 'fastify-type-provider-zod'
import { stages } from '../access/index.ts'
import { errorCatalogue } from '../base/index.ts'
import { pagePolicy } from './headers.ts'
import type { Route } from './route.ts'

export interface OpenApiOptions {
  readonly version: string
  /** Whether `/docs` shows the description as a page. */
  readonly page: boolean
}

/** Describes the routes that are registered afterwards at `/openapi.json`, from the schemas that check them. */
export async function registerOpenApi(server: FastifyInstance, { version, page }: OpenApiOptions): Promise<void> {
  const toJsonSchema = createJsonSchemaTransform({})
  await server.register(swagger, {
    openapi: documentFor(version),
    transform(document) {
      const route = document.route.config?.laputa
      if (!route || document.route.method === 'HEAD') return { schema: { hide: true }, url: document.url }
      const { schema, url } = toJsonSchema(document)
      return { schema: describe(route, (schema ?? {}) as Described), url }
    },
  })
  // Made when it is first asked for: printing all schemas takes longer than starting.
  let text: string | undefined
  server.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(server.swagger())
    reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8').send(text)
  })
  if (page) await registerDocsPage(server)
}

async function registerDocsPage(server: FastifyInstance): Promise<void> {
  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    uiConfig: { deepLinking: true, layout: 'BaseLayout' },
  })
}

interface Described extends FastifySchema {
  querystring?: { properties?: object }
  response?: object
}

/** Adds what is the same for all routes, so that none of them repeats it. */
function describe(route: Route, schema: Described): FastifySchema {
  const [, tag = ''] = route.url.split(/[/:?]/)
  const problem = {
    description: 'Problem',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  const stage = { type: 'string', enum: [...stages], default: 'production' }
  const properties = { ...schema.querystring?.properties, stage }
  return {
    ...schema,
    ...(route.scope === 'app' && { querystring: { type: 'object', ...schema.querystring, properties } }),
    ...(route.upload && { consumes: ['multipart/form-data'], body: uploadSchema }),
    summary: route.summary,
    tags: [tag],
    security: route.scope === 'public' ? [] : [{ bearer: [] }, { basic: [] }],
    response: {
      '2xx': { description: 'Done' },
      ...schema.response,
      ...Object.fromEntries((route.errors ?? []).map((status) => [status, problem])),
      default: problem,
    },
  }
}

const uploadSchema = {
  type: 'object',
  required: ['file'],
  properties: {
    data: { type: 'string', description: 'JSON with `filename` and `domain`; before the file' },
    file: { type: 'string', format: 'binary' },
  },
} as const

type Document = NonNullable<FastifyDynamicSwaggerOptions['openapi']>

function documentFor(version: string): Document {
  return {
    openapi: '3.1.0',
    info: { title: 'Laputa', version, description: 'Data for embedded analytics: each viewer gets their own rows.' },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        basic: { type: 'http', scheme: 'basic' },
      },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code', 'detail', 'requestId', 'errors'],
          properties: {
            type: { type: 'string', description: 'Where the error is explained' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string', description: 'Stable: branch on it', enum: Object.keys(errorCatalogue) },
            detail: { type: 'string' },
            requestId: { type: 'string' },
            errors: { type: 'array', items: { $ref: '#/components/schemas/ProblemItem' } },
          },
        },
        ProblemItem: {
          type: 'object',
          required: ['path', 'message'],
          properties: {
            path: { type: 'string', description: 'A JSON Pointer into the body; `?name` for a query parameter' },
            message: { type: 'string' },
          },
        },
      },
    },
  }
}

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { MultipartFile } from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../base/index.ts'
import type { Upload } from './route.ts'

/** Multipart forms carry one file and a few short texts. */
export const uploadLimits = {
  files: 1,
  fields: 50,
  parts: 51,
  fieldNameSize: 200,
  fieldSize: 64 * 1024,
  headerPairs: 100,
}

/** How long a client that was answered early may go on sending. */
const lingerMs = 2000

export interface UploadExchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Of the file, in bytes. */
  readonly limit: number
}

/** Reads a multipart body up to its file. The text fields are those that come before it. */
export async function readUpload({ request, reply, limit }: UploadExchange): Promise<Upload> {
  if (!request.isMultipart()) throw new Problem('unsupported_media_type', 'Send the file as "multipart/form-data".')
  reply.raw.once('finish', () => linger(request.raw))
  const part = await firstFile(request, limit)
  if (!part) {
    throw new Problem('invalid_request', 'The form holds no file.', {
      errors: [{ path: '/file', message: 'The file is missing.' }],
    })
  }
  const stream = Readable.from(contentOf(part.file), { objectMode: false })
  return {
    fields: fieldsOf(part),
    file: { filename: part.filename, stream, truncated: () => part.file.truncated },
  }
}

async function firstFile(request: FastifyRequest, fileSize: number): Promise<MultipartFile | undefined> {
  try {
    return await request.file({ limits: { ...uploadLimits, fileSize }, throwFileSizeLimit: false })
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** Ends at the limit instead of reading on to nowhere. */
async function* contentOf(file: MultipartFile['file']): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file) {
      yield chunk
      if (file.truncated) return
    }
  } catch (cause) {
    throw unreadable(cause)
  }
}

function fieldsOf(part: MultipartFile): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [name, entry] of Object.entries(part.fields)) {
    const field = Array.isArray(entry) ? entry.at(-1) : entry
    if (field?.type !== 'field') continue
    if (field.valueTruncated) throw tooLong(name)
    fields[name] = typeof field.value === 'string' ? field.value : JSON.stringify(field.value)
  }
  return fields
}

/**
 * Many clients read the answer only when they have sent everything. So what is still on its way is read and dropped for a moment;
 * then the connection is closed, because a refused file may be endless.
 */
function linger(request: IncomingMessage): void {
  if (request.complete || request.readableEnded) return
  request.unpipe()
  request.resume()
  // Ended by hand-made requests too, which have no real socket.
  const timer = setTimeout(() => request.destroy(), lingerMs)
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer))
}

function unreadable(cause: unknown): Problem {
  const reason = cause instanceof Error ? cause.message : 'unknown reason'
  return new Problem('invalid_request', `The multipart form cannot be read: ${reason}`, { cause })
}

function tooLong(name: string): Problem {
  const message = `It is longer than ${uploadLimits.fieldSize} bytes.`
  return new Problem('invalid_request', `The field "${name}" is not valid: ${message}`, {
    errors: [{ path: `/${name}`, message }],
  })
}

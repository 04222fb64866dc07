/** One construct of a template: `{{ … }}`, `{% … %}` or `{# … #}`, from the first bracket to after the last. */
export interface Segment {
  readonly kind: 'expression' | 'statement' | 'comment'
  readonly start: number
  readonly end: number
}

const closers = { expression: '}}', statement: '%}', comment: '#}' } as const

/** The constructs of a text, and the offset of one that is not closed. Brackets inside of text literals are text. */
export function scanTemplate(text: string): { segments: readonly Segment[]; unclosed?: number } {
  const segments: Segment[] = []
  let offset = 0
  for (;;) {
    const start = nextOpener(text, offset)
    if (start === undefined) return { segments }
    const kind = kindAt(text, start)
    const end = kind === 'comment' ? after(text.indexOf('#}', start + 2)) : endOf(text, start + 2, closers[kind])
    if (end === undefined) return { segments, unclosed: start }
    segments.push({ kind, start, end })
    offset = end
  }
}

function nextOpener(text: string, from: number): number | undefined {
  for (let start = text.indexOf('{', from); start >= 0; start = text.indexOf('{', start + 1)) {
    if ('{%#'.includes(text.charAt(start + 1)) && start + 1 < text.length) return start
  }
  return undefined
}

function kindAt(text: string, start: number): Segment['kind'] {
  const second = text.charAt(start + 1)
  return second === '{' ? 'expression' : second === '%' ? 'statement' : 'comment'
}

function after(found: number): number | undefined {
  return found < 0 ? undefined : found + 2
}

/** Where an expression ends: `}}` closes only outside of `{…}` literals, as in the library's own lexer. */
function endOf(text: string, from: number, closer: '}}' | '%}'): number | undefined {
  let depth = 0
  for (let offset = from; offset < text.length; offset++) {
    const char = text.charAt(offset)
    if (char === "'" || char === '"') {
      const close = endOfLiteral(text, offset)
      if (close === undefined) return undefined
      offset = close
    } else if (depth === 0 && text.startsWith(closer, offset)) return offset + 2
    else if (char === '{') depth++
    else if (char === '}') depth--
  }
  return undefined
}

function endOfLiteral(text: string, start: number): number | undefined {
  const quote = text.charAt(start)
  for (let offset = start + 1; offset < text.length; offset++) {
    if (text.charAt(offset) === '\\') offset++
    else if (text.charAt(offset) === quote) return offset
  }
  return undefined
}

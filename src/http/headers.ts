/** Nothing but our own files, no inline script or style, never framed. */
export const pagePolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** An answer that is data: whoever opens it in a browser gets nothing that runs. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

/** What every answer carries unless its handler says otherwise. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': dataPolicy,
  'referrer-policy': 'strict-origin-when-cross-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow, noarchive',
}

/** With a year of https only, for answers that went over https. */
export const secureSecurityHeaders: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
}

/** What is worked out when it is first asked for, and kept: for tables that never change and that most processes never need. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * The form under which a username is stored, looked up and counted: two spellings that differ in case or in compatibility
 * characters (full-width letters, say) are one person.
 */
export function usernameKey(username: string): string {
  // Lowering can undo the normal form, and normalizing can bring blanks to the ends.
  return username.normalize('NFKC').toLowerCase().normalize('NFKC').trim()
}

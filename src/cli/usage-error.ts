/** A command line that can't be used; the message says in one line what is wrong and, where it is clear, what would do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

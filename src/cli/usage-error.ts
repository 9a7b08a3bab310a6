/** A command line that can not be carried out: the message names the flag and what it should be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'BINDERY_USAGE';
}

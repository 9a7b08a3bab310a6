import { errorMessage } from '../base/logger.ts';
import { printable } from '../base/printable.ts';

/** One line on stderr that tells what went wrong; with BINDERY_DEBUG=1 also where. */
export function reportFailure(error: unknown): void {
  console.error(`bindery: ${explanation(error).split('\n').map(printable).join('\n')}`);
  if (process.env['BINDERY_DEBUG'] === '1' && error instanceof Error) console.error(error.stack);
}

/** The message, and that of its cause unless it is part of the message already. */
function explanation(error: unknown): string {
  const message = errorMessage(error);
  if (!(error instanceof Error) || error.cause === undefined) return message;
  const cause = errorMessage(error.cause);
  return message.includes(cause) ? message : `${message}: ${cause}`;
}

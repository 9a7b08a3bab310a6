import { errorMessage } from '../base/logger.ts';

/** One line on stderr that tells what went wrong; with BINDERY_DEBUG=1 also where. */
export function reportFailure(error: unknown): void {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : '';
  console.error(`bindery: ${errorMessage(error)}${cause}`);
  if (process.env['BINDERY_DEBUG'] === '1' && error instanceof Error) console.error(error.stack);
}

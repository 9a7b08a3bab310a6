import { findBinaries, MissingBinariesError } from './binaries.ts';

/** The kubectl for a cluster that exists already: ours, whose version is known, or else whatever the PATH has. */
export async function existingKubectl(): Promise<string> {
  try {
    return (await findBinaries()).kubectl;
  } catch (error: unknown) {
    if (error instanceof MissingBinariesError) return 'kubectl';
    throw error;
  }
}

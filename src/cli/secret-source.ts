import { readFile } from 'node:fs/promises';
import { errorMessage } from '../base/logger.ts';
import { UsageError } from './usage-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The two places of one secret, and their flags. Command lines are seen by everyone on a machine. */
export interface SecretSource {
  readonly fileFlag: string;
  readonly file: string | undefined;
  readonly variableFlag: string;
  /** Name of an environment variable. */
  readonly variable: string | undefined;
}

export function isNamed({ file, variable }: SecretSource): boolean {
  return file !== undefined || variable !== undefined;
}

/**
 * The secret, without the line feed with which editors end a file.
 * @throws UsageError unless exactly one place is named and holds something
 */
export async function readSecret(source: SecretSource, environment: Environment): Promise<string> {
  const { fileFlag, file, variableFlag, variable } = source;
  if (file !== undefined && variable === undefined) {
    return filled(fileFlag, file, (await readText(fileFlag, file)).replace(/\r?\n$/, ''));
  }
  if (variable !== undefined && file === undefined) {
    return filled(variableFlag, variable, environment[variable] ?? '');
  }
  throw new UsageError(`exactly one of ${fileFlag} and ${variableFlag} is needed`);
}

/** The text of a file that a flag names. */
export async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag} ${file} can not be read: ${errorMessage(error)}`);
  }
}

function filled(flag: string, source: string, value: string): string {
  if (value === '') throw new UsageError(`${flag} ${source} is empty`);
  return value;
}

import { readFile } from 'node:fs/promises';
import { errorMessage } from '../base/logger.ts';
import type { BrokerAuth } from '../osb/options.ts';
import { UsageError } from './usage-error.ts';

/** Where the credentials are. Never the credentials themselves: command lines are seen by everyone on a machine. */
export interface CredentialOptions {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly tokenFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Basic or bearer credentials from files or the environment; undefined when nothing is said.
 * @throws UsageError for contradictions and for what can not be read
 */
export async function readCredentials(
  options: CredentialOptions,
  environment: Environment,
): Promise<BrokerAuth | undefined> {
  const { username, passwordFile, passwordEnv, tokenFile } = options;
  const hasPassword = passwordFile !== undefined || passwordEnv !== undefined;
  if (tokenFile !== undefined) {
    if (username !== undefined || hasPassword) {
      throw new UsageError('--token-file can not be combined with a username and password');
    }
    const token = await readText('--token-file', tokenFile);
    return { kind: 'bearer', token: filled('--token-file', tokenFile, token.trim()) };
  }
  if (username === undefined && !hasPassword) return undefined;
  if (username === undefined) throw new UsageError('a password needs --username');
  return { kind: 'basic', username, password: await readPassword(options, environment) };
}

async function readPassword(
  { passwordFile, passwordEnv }: CredentialOptions,
  environment: Environment,
): Promise<string> {
  if (passwordFile !== undefined && passwordEnv === undefined) {
    const text = await readText('--password-file', passwordFile);
    // Editors end a file with a line feed; nobody means it.
    return filled('--password-file', passwordFile, text.replace(/\r?\n$/, ''));
  }
  if (passwordEnv !== undefined && passwordFile === undefined) {
    return filled('--password-env', passwordEnv, environment[passwordEnv] ?? '');
  }
  throw new UsageError('--username needs one of --password-file and --password-env');
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

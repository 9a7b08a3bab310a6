import type { BrokerAuth } from '../osb/options.ts';
import { isNamed, readSecret, type Environment, type SecretSource } from './secret-source.ts';
import { UsageError } from './usage-error.ts';

/** How to log in, and where the secrets for it are; never the secrets themselves. */
export interface CredentialOptions {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly tokenFile?: string;
  readonly tokenEnv?: string;
  readonly oauth2TokenUrl?: string;
  readonly oauth2ClientId?: string;
  readonly oauth2ClientSecretFile?: string;
  readonly oauth2ClientSecretEnv?: string;
  /** Separated by spaces. */
  readonly oauth2Scopes?: string;
}

/**
 * Basic, bearer or OAuth2 credentials; undefined when nothing is said.
 * @throws UsageError for contradictions, for what is missing and for what can not be read
 */
export async function readCredentials(
  options: CredentialOptions,
  environment: Environment,
): Promise<BrokerAuth | undefined> {
  const { username, oauth2TokenUrl, oauth2ClientId, oauth2Scopes } = options;
  const [password, token, clientSecret] = sourcesOf(options);
  const isBasic = username !== undefined || isNamed(password);
  const isBearer = isNamed(token);
  const isOAuth2 =
    isNamed(clientSecret) ||
    [oauth2TokenUrl, oauth2ClientId, oauth2Scopes].some((value) => value !== undefined);
  if ([isBasic, isBearer, isOAuth2].filter(Boolean).length > 1) {
    throw new UsageError(
      'only one of --username, --token-… and --oauth2-… can be used: a broker has one login',
    );
  }

  if (isBasic) {
    if (username === undefined) throw new UsageError('a password needs --username');
    return { kind: 'basic', username, password: await readSecret(password, environment) };
  }
  if (isBearer) return { kind: 'bearer', token: await readSecret(token, environment) };
  if (!isOAuth2) return undefined;
  if (oauth2TokenUrl === undefined || !URL.canParse(oauth2TokenUrl)) {
    throw new UsageError('OAuth2 needs --oauth2-token-url, an absolute http or https URL');
  }
  if (oauth2ClientId === undefined) throw new UsageError('OAuth2 needs --oauth2-client-id');
  return {
    kind: 'oauth2',
    tokenUrl: oauth2TokenUrl,
    clientId: oauth2ClientId,
    clientSecret: await readSecret(clientSecret, environment),
    scopes: (oauth2Scopes ?? '').split(/\s+/).filter((scope) => scope !== ''),
  };
}

function sourcesOf(options: CredentialOptions): readonly [SecretSource, SecretSource, SecretSource] {
  const source = (flag: string, file: string | undefined, variable: string | undefined): SecretSource => ({
    fileFlag: `--${flag}-file`,
    file,
    variableFlag: `--${flag}-env`,
    variable,
  });
  return [
    source('password', options.passwordFile, options.passwordEnv),
    source('token', options.tokenFile, options.tokenEnv),
    source('oauth2-client-secret', options.oauth2ClientSecretFile, options.oauth2ClientSecretEnv),
  ];
}

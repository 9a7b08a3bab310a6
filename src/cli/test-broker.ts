import { Command, Option } from 'commander';
import { compact } from '../base/compact.ts';
import { probeBroker, type ProbeOptions, type Verdict } from './probe-broker.ts';
import { readCredentials, type CredentialOptions } from './probe-credentials.ts';
import { reportText } from './probe-text.ts';
import { readTls, type TlsOptions } from './probe-tls.ts';
import type { Environment } from './secret-source.ts';
import { terminalColumns } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export interface TestBrokerOptions extends CredentialOptions, TlsOptions {
  readonly apiVersion?: string;
  readonly brokerTimeout: string;
  readonly allowLoopbackBrokers?: boolean;
  /** As `brokerTimeout` and `allowLoopbackBrokers` were called. */
  readonly timeout?: string;
  readonly allowLoopback?: boolean;
  readonly output: 'text' | 'json';
}

/** 1 is left for what is no statement about the broker: wrong flags, files that can not be read. */
const exitCodes: Readonly<Record<Verdict, number>> = { good: 0, unusable: 2, problems: 3 };

/** `bindery test-broker URL`: what would become of this broker, before anything is registered. */
export function testBrokerCommand(): Command {
  return (
    new Command('test-broker')
      .description('look at a broker before it is registered: the way to it, its login, its catalog')
      .argument('<url>', 'as it would stand in spec.url')
      .option('--username <name>', 'log in with Basic authentication, and one of the next two')
      .option('--password-file <file>', 'holds the password')
      .option('--password-env <variable>', 'environment variable that holds the password')
      .option('--token-file <file>', 'log in with the bearer token in this file')
      .option('--token-env <variable>', 'log in with the bearer token in this environment variable')
      .option('--oauth2-token-url <url>', 'log in with OAuth2 client credentials: where tokens are fetched')
      .option('--oauth2-client-id <id>', 'OAuth2 client, with one of the next two')
      .option('--oauth2-client-secret-file <file>', 'holds the client secret')
      .option('--oauth2-client-secret-env <variable>', 'environment variable that holds the client secret')
      .option('--oauth2-scopes <scopes>', 'scopes to ask for, separated by spaces')
      .option('--client-certificate-file <file>', 'PEM certificate to show, with one of the next two')
      .option('--client-key-file <file>', 'holds its PEM key')
      .option('--client-key-env <variable>', 'environment variable that holds its PEM key')
      .option('--ca-file <file>', "PEM authorities that replace the system's")
      .option('--insecure-skip-tls-verify', 'take any certificate')
      .option('--api-version <version>', 'X-Broker-API-Version (default: 2.17)')
      .option('--broker-timeout <duration>', 'whole time of one request', '15s')
      .option('--allow-loopback-brokers', 'brokers at 127.0.0.1 and ::1')
      // As they were called before they had the names that they have with the roles.
      .addOption(new Option('--timeout <duration>').hideHelp())
      .addOption(new Option('--allow-loopback').hideHelp())
      .addOption(
        new Option('-o, --output <format>', 'for people, or one line of JSON')
          .choices(['text', 'json'])
          .default('text'),
      )
      .addHelpText('after', '\nExit code: 0 good, 2 not usable, 3 usable with problems, 1 not tested.')
      .action(run)
  );
}

async function run(url: string, options: TestBrokerOptions): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const report = await probeBroker(await probeOptions(url, options, process.env), interrupted.signal);
  console.log(options.output === 'json' ? JSON.stringify(report) : reportText(report, terminalColumns()));
  process.exitCode = exitCodes[report.verdict];
}

/**
 * From flags to what the client takes.
 * @throws UsageError
 */
export async function probeOptions(
  url: string,
  options: TestBrokerOptions,
  environment: Environment,
): Promise<ProbeOptions> {
  checkUrl(url);
  const { apiVersion } = options;
  const allowLoopback = options.allowLoopbackBrokers ?? options.allowLoopback;
  if (apiVersion !== undefined && !/^[1-9]\d?\.\d{1,3}$/.test(apiVersion)) {
    throw new UsageError('--api-version must be MAJOR.MINOR, such as 2.17');
  }
  return {
    ...compact({ apiVersion, allowLoopback, auth: await readCredentials(options, environment) }),
    url: url.replace(/\/+$/, ''),
    tls: await readTls(options, environment),
    timeoutMs: timeoutMs(options.timeout ?? options.brokerTimeout),
    environment,
  };
}

/** The URL is not repeated in these messages: it may hold a password. */
function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError('the URL of a broker must be an absolute http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('credentials do not belong into the URL: use --username and --password-file');
  }
}

function timeoutMs(text: string): number {
  const [, amount = '', unit = 's'] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  const value = Number(amount) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
  if (value > 0 && value <= 600_000) return value;
  throw new UsageError(`--broker-timeout is "${text}"; it must be a duration up to 10m, such as 15s`);
}

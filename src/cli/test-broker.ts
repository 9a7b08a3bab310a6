import { Command } from 'commander';
import { compact } from '../base/compact.ts';
import type { BrokerTls } from '../osb/options.ts';
import { probeBroker, type ProbeOptions, type Verdict } from './probe-broker.ts';
import { readCredentials, readText, type CredentialOptions } from './probe-credentials.ts';
import { reportText } from './probe-text.ts';
import { UsageError } from './usage-error.ts';

export interface TestBrokerOptions extends CredentialOptions {
  readonly caFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly apiVersion?: string;
  readonly timeout: string;
  readonly allowLoopback?: boolean;
  readonly json?: boolean;
}

/** 1 is left for what is no statement about the broker: wrong flags, files that can not be read. */
const exitCodes: Readonly<Record<Verdict, number>> = { good: 0, unusable: 2, problems: 3 };

const columns = { least: 60, most: 120, unknown: 80 } as const;

/** `bindery test-broker URL`: what would become of this broker, before anything is registered. */
export function testBrokerCommand(): Command {
  return new Command('test-broker')
    .description('look at a broker before it is registered: the way to it, its login, its catalog')
    .argument('<url>', 'as it would stand in spec.url')
    .option('--username <name>', 'for Basic authentication, with one of the two passwords')
    .option('--password-file <file>', 'holds the password')
    .option('--password-env <variable>', 'environment variable that holds the password')
    .option('--token-file <file>', 'holds a bearer token')
    .option('--ca-file <file>', "PEM authorities that replace the system's")
    .option('--insecure-skip-tls-verify', 'take any certificate')
    .option('--api-version <version>', 'X-Broker-API-Version (default: 2.17)')
    .option('--timeout <duration>', 'whole time of one request', '15s')
    .option('--allow-loopback', 'brokers at 127.0.0.1 and ::1')
    .option('--json', 'one line of JSON')
    .addHelpText('after', '\nExit code: 0 good, 2 not usable, 3 usable with problems, 1 not tested.')
    .action(run);
}

async function run(url: string, options: TestBrokerOptions): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const report = await probeBroker(await probeOptions(url, options, process.env), interrupted.signal);
  console.log(options.json === true ? JSON.stringify(report) : reportText(report, terminalColumns()));
  process.exitCode = exitCodes[report.verdict];
}

/**
 * From flags to what the client takes.
 * @throws UsageError
 */
export async function probeOptions(
  url: string,
  options: TestBrokerOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ProbeOptions> {
  checkUrl(url);
  const { apiVersion, allowLoopback } = options;
  if (apiVersion !== undefined && !/^[1-9]\d?\.\d{1,3}$/.test(apiVersion)) {
    throw new UsageError('--api-version must be MAJOR.MINOR, such as 2.17');
  }
  return {
    ...compact({ apiVersion, allowLoopback, auth: await readCredentials(options, environment) }),
    url: url.replace(/\/+$/, ''),
    tls: await readTls(options),
    timeoutMs: timeoutMs(options.timeout),
    environment,
  };
}

async function readTls({ caFile, insecureSkipTlsVerify }: TestBrokerOptions): Promise<BrokerTls> {
  if (insecureSkipTlsVerify === true && caFile !== undefined) {
    throw new UsageError('--ca-file and --insecure-skip-tls-verify contradict each other');
  }
  if (caFile === undefined) return { insecureSkipVerify: insecureSkipTlsVerify === true };
  const ca = await readText('--ca-file', caFile);
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`--ca-file ${caFile} holds no PEM certificate`);
  }
  return { ca };
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
  throw new UsageError(`--timeout is "${text}"; it must be a duration up to 10m, such as 15s`);
}

function terminalColumns(): number {
  const known = process.stdout.columns ?? columns.unknown;
  return Math.min(Math.max(known, columns.least), columns.most);
}

import { createSecureContext } from 'node:tls';
import { certificatesProblem } from '../base/pem.ts';
import type { BrokerTls } from '../osb/options.ts';
import { readSecret, readText, type Environment } from './secret-source.ts';
import { UsageError } from './usage-error.ts';

export interface TlsOptions {
  readonly caFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly clientCertificateFile?: string;
  readonly clientKeyFile?: string;
  /** Name of the environment variable that holds the key. */
  readonly clientKeyEnv?: string;
}

/**
 * Whom to trust, and what to show.
 * @throws UsageError for contradictions, and for what is no certificate or no key
 */
export async function readTls(options: TlsOptions, environment: Environment): Promise<BrokerTls> {
  const { caFile, insecureSkipTlsVerify } = options;
  if (insecureSkipTlsVerify === true && caFile !== undefined) {
    throw new UsageError('--ca-file and --insecure-skip-tls-verify contradict each other');
  }
  return {
    ...(caFile === undefined
      ? { insecureSkipVerify: insecureSkipTlsVerify === true }
      : { ca: await readCertificates('--ca-file', caFile) }),
    ...(await readClientCertificate(options, environment)),
  };
}

async function readClientCertificate(
  { clientCertificateFile, clientKeyFile, clientKeyEnv }: TlsOptions,
  environment: Environment,
): Promise<Pick<BrokerTls, 'clientCertificate' | 'clientKey'>> {
  if (clientCertificateFile === undefined) {
    if (clientKeyFile === undefined && clientKeyEnv === undefined) return {};
    throw new UsageError('a client key needs --client-certificate-file');
  }
  const clientCertificate = await readCertificates('--client-certificate-file', clientCertificateFile);
  const places = {
    fileFlag: '--client-key-file',
    file: clientKeyFile,
    variableFlag: '--client-key-env',
    variable: clientKeyEnv,
  };
  const clientKey = await readSecret(places, environment);
  try {
    createSecureContext({ cert: clientCertificate, key: clientKey });
  } catch {
    // The reason is left out: it is a word of OpenSSL's, and might quote what it could not read.
    throw new UsageError(`the client key is no PEM key, or not that of ${clientCertificateFile}`);
  }
  return { clientCertificate, clientKey };
}

async function readCertificates(flag: string, file: string): Promise<string> {
  const pem = await readText(flag, file);
  const problem = certificatesProblem(pem);
  if (problem === undefined) return pem;
  throw new UsageError(`${flag} ${file} ${problem}`);
}

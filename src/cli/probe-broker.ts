import { BrokerClient } from '../osb/broker-client.ts';
import { brokerText } from '../osb/broker-text.ts';
import type { BrokerAuth, BrokerClientOptions } from '../osb/options.ts';
import type { CatalogOutcome } from '../osb/outcome-types.ts';
import type { CatalogProblem } from '../osb/types.ts';
import { adviceAfter, registration } from './probe-advice.ts';
import { stepsOf, type Step } from './probe-steps.ts';

/** `good`; `problems`: it can be registered, but not everything of it is fine; `unusable`: nothing would come of it. */
export type Verdict = 'good' | 'problems' | 'unusable';

/** What a broker is like before it is registered. Holds no credential. Printed as it is by `-o json`. */
export interface BrokerReport {
  readonly url: string;
  /** What was sent as X-Broker-API-Version. */
  readonly apiVersion: string;
  readonly verdict: Verdict;
  readonly steps: readonly Step[];
  /** Of what would be served; null when there is no catalog. */
  readonly counts: { readonly services: number; readonly plans: number } | null;
  /** What is wrong inside of an otherwise good catalog, with its place in the document. */
  readonly problems: readonly CatalogProblem[];
  /** What to do now, for people: its words may change. */
  readonly next: string;
}

export type ProbeOptions = BrokerClientOptions & { readonly timeoutMs: number };

/**
 * Asks a broker for its catalog, as the controller would, and once more without the credentials. Only reads.
 * @param options `auth` is what is tested; user info in the URL is not expected
 */
export async function probeBroker(options: ProbeOptions, signal: AbortSignal): Promise<BrokerReport> {
  const outcome = await catalogOf(options, signal);
  const way = {
    isTls: new URL(options.url).protocol === 'https:',
    hasToken: options.auth?.kind === 'oauth2',
  };
  const login = outcome.kind === 'catalog' ? await loginWarning(options, signal) : undefined;
  const catalog = catalogWarning(outcome);
  const steps = stepsOf(outcome, way).map((step) => annotated(step, options, { login, catalog }));
  const hasWarning = steps.some(({ result }) => result === 'warning');
  const verdict = outcome.kind !== 'catalog' ? 'unusable' : hasWarning ? 'problems' : 'good';
  return {
    url: options.url,
    apiVersion: options.apiVersion ?? '2.17',
    verdict,
    steps,
    counts: countsOf(outcome),
    problems: problemsOf(outcome, secretsOf(options.auth)),
    next: outcome.kind === 'failed' ? adviceAfter(outcome.reason, options) : registration(options),
  };
}

async function catalogOf(options: ProbeOptions, signal: AbortSignal): Promise<CatalogOutcome> {
  const client = new BrokerClient(options);
  try {
    return await client.catalog({}, signal);
  } finally {
    await client.close();
  }
}

/**
 * Asks once more without the credentials, or without the certificate where that is all there is. Wrong ones are not
 * tried on purpose: that would count as an attack on the account.
 */
async function loginWarning(options: ProbeOptions, signal: AbortSignal): Promise<string | undefined> {
  const { auth, tls } = options;
  if (auth === undefined && tls?.clientCertificate === undefined) return undefined;
  const anonymous =
    auth === undefined
      ? { ...options, tls: { ...tls, clientCertificate: undefined, clientKey: undefined } }
      : { ...options, auth: undefined };
  const outcome = await catalogOf(anonymous, signal);
  return outcome.kind === 'catalog'
    ? 'the catalog is given to anyone, also without credentials; so these were not tested'
    : undefined;
}

function catalogWarning(outcome: CatalogOutcome): string | undefined {
  if (outcome.kind !== 'catalog') return undefined;
  const { catalog, problems } = outcome;
  if (problems.length > 0) return `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
  return catalog.services.length === 0 ? 'it is empty' : undefined;
}

/** Adds to a step what is not in the outcome itself. */
function annotated(
  step: Step,
  options: ProbeOptions,
  warnings: { readonly login: string | undefined; readonly catalog: string | undefined },
): Step {
  if (step.step === 'tls') return withMessage(step, tlsRemark(step, options));
  if (step.result !== 'ok') return step;
  const warning = step.step === 'login' || step.step === 'catalog' ? warnings[step.step] : undefined;
  if (warning !== undefined) return { ...step, result: 'warning', message: warning };
  return step.step === 'login' ? withMessage(step, loginRemark(options)) : step;
}

function loginRemark({ auth, tls }: ProbeOptions): string | undefined {
  if (auth !== undefined) return undefined;
  return tls?.clientCertificate === undefined ? 'none asked for' : 'by the client certificate';
}

function tlsRemark({ result }: Step, { auth, tls }: ProbeOptions): string | undefined {
  if (result === 'not-used' && auth !== undefined) return 'the URL is http: credentials travel in clear text';
  return result === 'ok' && tls?.insecureSkipVerify === true ? 'the certificate was not checked' : undefined;
}

function withMessage(step: Step, message: string | undefined): Step {
  return message === undefined ? step : { ...step, message };
}

function countsOf(outcome: CatalogOutcome): BrokerReport['counts'] {
  if (outcome.kind !== 'catalog') return null;
  const { services } = outcome.catalog;
  return { services: services.length, plans: services.reduce((sum, { plans }) => sum + plans.length, 0) };
}

/** Names are the broker's own words: it might repeat what it was sent. */
function problemsOf(outcome: CatalogOutcome, secrets: readonly string[]): readonly CatalogProblem[] {
  if (outcome.kind !== 'catalog') return [];
  return outcome.problems.map(({ path, name, message }) => {
    const shown = brokerText(name, secrets);
    return shown === undefined ? { path, message } : { path, name: shown, message };
  });
}

function secretsOf(auth: BrokerAuth | undefined): readonly string[] {
  if (auth === undefined) return [];
  if (auth.kind === 'oauth2') return [auth.clientSecret];
  return [auth.kind === 'basic' ? auth.password : auth.token];
}

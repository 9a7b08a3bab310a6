import { sleep } from '../base/abort.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { KubeClient } from '../kube/client.ts';
import { isApiError, isConflict, isNotFound } from '../kube/errors.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { secrets } from '../kube/resources.ts';
import { withoutWords } from '../kube/secret-refusal.ts';
import { createAuthority, type KeySource } from './authority.ts';
import type { CertificatePair } from './certificate-types.ts';
import { readAuthorityState, writeAuthorityState } from './authority-data.ts';
import { certificateFacts } from './certificate-facts.ts';
import {
  afterStep,
  rotationStep,
  validityFrom,
  type AuthorityState,
  type RotationStep,
  type RotationTimes,
} from './rotation.ts';

export interface CaSecretDeps {
  readonly client: Pick<KubeClient, 'get' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly times: RotationTimes;
  readonly keySource?: KeySource;
}

/** Lost races before something else must be wrong. Each one means that another replica has made progress. */
const maxAttempts = 20;
const backoff = { initialMs: 20, maxMs: 1_000 };
const callTimeoutMs = 10_000;

/**
 * The authority in its Secret. All replicas read and write it; the API server decides who was first, and whoever
 * was not takes what is there. No leader is needed, and a webhook can start again while no controller runs.
 */
export class CaSecret {
  readonly #deps: CaSecretDeps;
  /** What was last agreed on: comes back when somebody empties or spoils the Secret, so that nothing breaks. */
  #known: AuthorityState | undefined;

  constructor(deps: CaSecretDeps) {
    this.#deps = deps;
  }

  /** The state that was last agreed on; undefined before the first time. */
  get known(): AuthorityState | undefined {
    return this.#known;
  }

  /**
   * Reads the Secret, fills or mends it, and carries out every step of the rotation that is due.
   * @throws KubeApiError, KubeConnectionError
   */
  async agree(signal: AbortSignal): Promise<AuthorityState> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const state = await this.#tryAgree(signal);
      if (state !== undefined) {
        this.#known = state;
        return state;
      }
      await sleep(backoffMs(attempt, backoff), signal);
      signal.throwIfAborted();
    }
    throw new Error(`Secret "${this.#deps.name}" keeps changing: no agreement after ${maxAttempts} attempts`);
  }

  /** Undefined when another replica was faster, or a step was done and there may be another one. */
  async #tryAgree(signal: AbortSignal): Promise<AuthorityState | undefined> {
    const { clock, times } = this.#deps;
    const secret = await this.#read(signal);
    const nowMs = clock.now();
    const state = readAuthorityState(secret.data ?? {});
    if (state === undefined)
      return this.#replace(secret, this.#known ?? (await this.#makeState()), 'mend', signal);

    const step = rotationStep(state, nowMs, times);
    if (step === 'none') return state;
    await this.#replace(secret, await this.#carryOut(state, step, nowMs), step, signal);
    return undefined;
  }

  async #carryOut(
    state: AuthorityState,
    step: Exclude<RotationStep, 'none'>,
    nowMs: number,
  ): Promise<AuthorityState> {
    if (step === 'replace') return this.#makeState();
    const made = step === 'prepare' ? await this.#makeAuthority() : undefined;
    return afterStep(state, step, nowMs, made);
  }

  /** It comes with the manifests, and from the controller when somebody deletes it: there is no right to create it. */
  #read(signal: AbortSignal): Promise<SecretObject> {
    const { client, namespace, name } = this.#deps;
    return client.get<SecretObject>(secrets, { namespace, name }, { signal, timeoutMs: callTimeoutMs });
  }

  async #replace(
    secret: SecretObject,
    state: AuthorityState,
    step: RotationStep | 'mend',
    signal: AbortSignal,
  ): Promise<AuthorityState | undefined> {
    try {
      // With the resourceVersion of what was read: another replica's step is never undone.
      await this.#deps.client.replace(
        secrets,
        { ...secret, data: writeAuthorityState(state) },
        { signal, timeoutMs: callTimeoutMs },
      );
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return undefined;
      // It is logged, and whoever refused may have quoted the key.
      throw isApiError(error) ? withoutWords(error) : error;
    }
    this.#log(step, state);
    return state;
  }

  async #makeState(): Promise<AuthorityState> {
    return { current: await this.#makeAuthority() };
  }

  #makeAuthority(): Promise<CertificatePair> {
    const { clock, times, keySource } = this.#deps;
    return createAuthority(validityFrom(clock.now(), times.authorityMs, times), keySource);
  }

  #log(step: string, state: AuthorityState): void {
    const { logger, name } = this.#deps;
    const fingerprint = certificateFacts(state.current.cert)?.fingerprint;
    logger.info({ secret: name, step, authority: fingerprint }, 'webhook authority written');
  }
}

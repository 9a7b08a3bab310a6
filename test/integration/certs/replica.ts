import { systemClock } from '../../../src/base/clock.ts';
import type { LogFields, Logger } from '../../../src/base/logger.ts';
import { CaBundle, type WebhookConfigurationRef } from '../../../src/certs/ca-bundle.ts';
import { CaSecret } from '../../../src/certs/ca-secret.ts';
import type { RotationTimes } from '../../../src/certs/rotation.ts';
import { ServingCertificate } from '../../../src/certs/serving-certificate.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

export const caSecretName = 'bindery-webhook-ca';
export const webhookNames = {
  dnsNames: ['bindery-webhook.bindery-system.svc', 'localhost'],
  ipAddresses: ['127.0.0.1'],
};

export interface ReplicaOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly configurations: readonly WebhookConfigurationRef[];
  readonly times: RotationTimes;
  /** @default 200 */
  readonly pollMs?: number;
}

/** The certificates of one webhook process, put together as the process does it. */
export class Replica {
  readonly serving: ServingCertificate;
  readonly bundle: CaBundle;
  /** All that was logged, as JSON. */
  readonly lines: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor({ client, namespace, configurations, times, pollMs = 200 }: ReplicaOptions) {
    const log = (fields: LogFields, message: string): number =>
      this.lines.push(JSON.stringify({ ...fields, message }));
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const shared = { client, logger, clock: systemClock };
    this.serving = new ServingCertificate({
      ...shared,
      authority: new CaSecret({ ...shared, namespace, name: caSecretName, times }),
      names: webhookNames,
      times,
      pollMs,
      isPublished: (bundle) => this.bundle.isPublished(bundle),
      bundleChanged: () => this.bundle.poke(),
    });
    this.bundle = new CaBundle({
      ...shared,
      configurations,
      bundle: () => this.serving.bundle,
      refresh: (signal) => this.serving.refresh(signal),
    });
    const { signal } = this.#stop;
    this.#running = Promise.all([this.serving.start(signal), this.bundle.start(signal)]);
  }

  isPublished(): boolean {
    return this.serving.bundle !== '' && this.bundle.isPublished(this.serving.bundle);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

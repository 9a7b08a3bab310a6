import { systemClock } from '../../../src/base/clock.ts';
import type { LogFields, Logger } from '../../../src/base/logger.ts';
import { CaBundle, type WebhookConfigurationRef } from '../../../src/certs/ca-bundle.ts';
import { caSecretName } from '../../../src/certs/ca-note.ts';
import { CaSecret } from '../../../src/certs/ca-secret.ts';
import type { RotationTimes } from '../../../src/certs/rotation.ts';
import { ServingCertificate } from '../../../src/certs/serving-certificate.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

export { caSecretName };
export const webhookNames = {
  dnsNames: ['bindery-webhook.bindery-system.svc', 'localhost'],
  ipAddresses: ['127.0.0.1'],
};

export interface ReplicaOptions {
  readonly client: KubeClient;
  /** For what the controller does. @default client */
  readonly controllerClient?: KubeClient;
  readonly namespace: string;
  readonly configurations: readonly WebhookConfigurationRef[];
  readonly times: RotationTimes;
  /** @default 200 */
  readonly pollMs?: number;
}

/** The certificates of one process with both roles, put together as it does it. */
export class Replica {
  readonly serving: ServingCertificate;
  readonly bundle: CaBundle;
  /** All that was logged, as JSON. */
  readonly lines: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: ReplicaOptions) {
    const { client, namespace, configurations, times, pollMs = 200 } = options;
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
    });
    this.bundle = new CaBundle({
      ...shared,
      client: options.controllerClient ?? client,
      configurations,
      secret: { namespace, name: caSecretName },
      pollMs,
    });
    const { signal } = this.#stop;
    this.#running = Promise.all([this.serving.start(signal), this.bundle.start(signal)]);
  }

  isPublished(): boolean {
    return this.serving.isTrusted() && this.bundle.isPublished(this.serving.bundle);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

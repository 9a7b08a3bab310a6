import { createServer, type Server } from 'node:https';
import { json } from 'node:stream/consumers';
import type { ServerResponse } from 'node:http';
import { validatingWebhookConfigurations, secrets } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';
import { TestAuthority } from '../../support/test-broker/certificates.ts';
import { listen } from '../../support/test-broker/listen.ts';
import { waitFor } from '../../support/wait-for.ts';

interface Review {
  readonly request: { readonly uid: string; readonly dryRun?: boolean; readonly object: KubeObject };
}

const name = 'held-writes.bindery.example';
const probeMessage = 'the hold is in force';

/**
 * Holds a write of the program in the API server, where it is neither done nor refused: the moment between two steps,
 * for as long as a test needs it. A validating webhook that does not answer.
 */
export class HeldWrites {
  readonly #world: ServiceWorld;
  readonly #server: Server;
  readonly #holds: (object: KubeObject) => boolean;
  readonly #held: { readonly response: ServerResponse; readonly uid: string }[] = [];

  private constructor(world: ServiceWorld, server: Server, holds: (object: KubeObject) => boolean) {
    this.#world = world;
    this.#server = server;
    this.#holds = holds;
  }

  /** Holds writes of Secrets and of the status of bindings in the world's namespace, those that `holds` says. */
  static async start(world: ServiceWorld, holds: (object: KubeObject) => boolean): Promise<HeldWrites> {
    const authority = await TestAuthority.create('Held Writes');
    const { certificate, key } = await authority.issue({ commonName: 'hold', names: ['127.0.0.1'] });
    const server = createServer({ cert: certificate, key });
    const held = new HeldWrites(world, server, holds);
    server.on('request', (request, response) => {
      void json(request).then((review) => held.#review(review as Review, response));
    });
    const port = await listen(server, '127.0.0.1', undefined);
    await world.client.create(
      validatingWebhookConfigurations,
      configuration(world, `https://127.0.0.1:${port}`, authority.certificate),
    );
    await held.#inForce();
    return held;
  }

  /** Resolves when a write is held. */
  async held(): Promise<void> {
    await waitFor(() => this.#held.length > 0, { describe: 'a write is held' });
  }

  /** Lets go what is held, and holds nothing any more. */
  async release(): Promise<void> {
    await this.#world.client.delete(validatingWebhookConfigurations, { name });
    for (const { response, uid } of this.#held.splice(0)) answer(response, uid, true);
  }

  /** Refuses what is held: whoever asked is dead. */
  async end(): Promise<void> {
    for (const { response, uid } of this.#held.splice(0)) answer(response, uid, false);
    await this.#world.client.delete(validatingWebhookConfigurations, { name }).catch(() => undefined);
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #review({ request }: Review, response: ServerResponse): void {
    const { uid, dryRun, object } = request;
    if (dryRun === true) answer(response, uid, false);
    else if (this.#holds(object)) this.#held.push({ response, uid });
    else answer(response, uid, true);
  }

  /** The API server learns of a webhook a moment after it is created. */
  async #inForce(): Promise<void> {
    const { client, namespace } = this.#world;
    const probe = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'probe' } };
    await waitFor(
      async () => {
        const refusal = await client.create(secrets, probe, { dryRun: true }).then(
          () => '',
          (error: unknown) => String(error),
        );
        return refusal.includes(probeMessage);
      },
      { describe: 'the webhook is asked' },
    );
  }
}

function answer(response: ServerResponse, uid: string, allowed: boolean): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const verdict = allowed ? { uid, allowed } : { uid, allowed, status: { code: 403, message: probeMessage } };
  response.end(
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: verdict }),
  );
}

function configuration({ namespace }: ServiceWorld, url: string, authority: string): KubeObject {
  const rule = (group: string, version: string, resource: string): object => ({
    apiGroups: [group],
    apiVersions: [version],
    resources: [resource],
    operations: ['CREATE', 'UPDATE'],
  });
  const webhook = {
    name,
    clientConfig: { url, caBundle: Buffer.from(authority).toString('base64') },
    failurePolicy: 'Fail',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [rule('', 'v1', 'secrets'), rule('servicecatalog.k8s.io', 'v1beta1', 'servicebindings/status')],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 30,
  };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [webhook],
  } as KubeObject;
}

import { sleep } from '../base/abort.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { KubeClient } from '../kube/client.ts';
import { ListWatch } from '../kube/list-watch.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { notePublished, readPublicAuthority, type CaSecretRef } from './ca-note.ts';
import { bundleOf, publishedNote } from './rotation.ts';

/** A MutatingWebhookConfiguration or ValidatingWebhookConfiguration, by name. */
export interface WebhookConfigurationRef {
  readonly resource: Resource;
  readonly name: string;
}

export interface CaBundleDeps {
  readonly client: KubeClient;
  readonly configurations: readonly WebhookConfigurationRef[];
  /** Where the replicas of the webhook keep their authority. */
  readonly secret: CaSecretRef;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the Secret is looked at. @default 10_000 */
  readonly pollMs?: number;
  /** Called for each configuration that had to be written. */
  readonly observe?: (configuration: string) => void;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
}

/** While there is no authority yet, or it can not be published: when it is tried again. */
const backoff = { initialMs: 50, maxMs: 5_000 };
const callTimeoutMs = 10_000;

/** Rounds of writing without a quiet minute between them, until it is taken for a quarrel. */
const maxRounds = 5;
const quietMs = 60_000;
/** In a quarrel nobody wins by writing faster. */
const quarrelBackoff = { initialMs: 1_000, maxMs: 30_000 };

/**
 * Keeps the certificates of the webhook's authority in every entry of the webhook configurations, and notes in its
 * Secret what they hold: the webhook, which whoever breaks into it has first, may neither write nor read them. They
 * are watched: whoever applies a manifest without the certificates, as GitOps tools and Helm do, cuts the API server
 * off from the webhook until they are back.
 */
export class CaBundle {
  readonly #deps: CaBundleDeps;
  /** The configurations as last seen, by name and kind; undefined when one does not exist. */
  readonly #seen = new Map<string, WebhookConfiguration>();
  readonly #watches: ReadonlyMap<string, ListWatch<WebhookConfiguration>>;
  #wake = Promise.withResolvers<void>();
  /** Rounds of writing since it was quiet for the last time, and when the last one was. */
  #rounds = 0;
  #lastRoundMs = -Infinity;

  constructor(deps: CaBundleDeps) {
    this.#deps = deps;
    this.#watches = new Map(deps.configurations.map((ref) => [keyOf(ref), this.#watch(ref)]));
  }

  /**
   * True when every configuration was seen to hold exactly this bundle in every entry. One that is known not to exist
   * calls nobody: it gets its bundle when it is installed, and must not be waited for until then.
   */
  isPublished(bundle: string): boolean {
    return this.#deps.configurations.every((ref) => {
      const seen = this.#seen.get(keyOf(ref));
      if (seen === undefined) return this.#watches.get(keyOf(ref))?.isSynced() === true;
      return wrongEntries(seen, bundle).length === 0;
    });
  }

  /** Watches and mends until the signal aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const watching = [...this.#watches.values()].map((watch) => watch.start(signal));
    const { pollMs = 10_000 } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      failures = (await this.#publish(signal)) ? 0 : failures + 1;
      const waitMs = failures === 0 ? pollMs : Math.min(pollMs, backoffMs(failures, backoff));
      await this.#pause(waitMs, signal);
      await sleep(this.#truceMs(), signal);
    }
    await Promise.all(watching);
  }

  #watch(ref: WebhookConfigurationRef): ListWatch<WebhookConfiguration> {
    const { client, logger } = this.#deps;
    const key = keyOf(ref);
    const see = (configuration: WebhookConfiguration | undefined): void => {
      if (configuration !== undefined) this.#seen.set(key, configuration);
      else if (this.#seen.delete(key)) {
        const fields = { configuration: ref.name, kind: ref.resource.kind };
        logger.warn(
          fields,
          'the webhook configuration is gone: nobody is sent here until it is installed again',
        );
      }
      this.#wake.resolve();
    };
    return new ListWatch<WebhookConfiguration>({
      client,
      resource: ref.resource,
      fieldSelector: `metadata.name=${ref.name}`,
      sink: {
        trim: (configuration) => configuration,
        replace: (items) => see(items.find(({ metadata }) => metadata.name === ref.name)),
        put: see,
        remove: () => see(undefined),
      },
      logger,
    });
  }

  /** Until it is time to look at the Secret again, or a configuration has changed. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    void this.#wake.promise.then(() => woken.abort());
    await sleep(ms, AbortSignal.any([signal, woken.signal]));
  }

  /** True when every configuration holds what the Secret says, and the Secret says so. */
  async #publish(signal: AbortSignal): Promise<boolean> {
    const { client, configurations, secret, clock, logger } = this.#deps;
    try {
      const state = await readPublicAuthority(client, secret, signal);
      if (state === undefined) return false;
      const bundle = bundleOf(state);
      let written = 0;
      for (const ref of configurations) written += (await this.#mend(ref, bundle, signal)) ? 1 : 0;
      if (written > 0) this.#countRound();
      if (!this.isPublished(bundle)) return false;
      const note = publishedNote(state, clock.now());
      if (note !== undefined) await notePublished(client, secret, note, signal);
      return true;
    } catch (error) {
      if (!signal.aborted)
        logger.warn(errorFields(error), 'webhook configuration can not be given its caBundle');
      return false;
    }
  }

  #countRound(): void {
    const nowMs = performance.now();
    this.#rounds = nowMs - this.#lastRoundMs < quietMs ? this.#rounds + 1 : 1;
    this.#lastRoundMs = nowMs;
    if (this.#rounds !== maxRounds) return;
    const fields = { configurations: [...this.#watches.keys()].join(', '), rounds: this.#rounds };
    this.#deps.logger.warn(
      fields,
      'somebody else keeps changing caBundle; it is written less often from now on',
    );
  }

  /** How long to leave it to the other side. */
  #truceMs(): number {
    const isQuarrel = this.#rounds >= maxRounds && performance.now() - this.#lastRoundMs < quietMs;
    return isQuarrel ? backoffMs(this.#rounds - maxRounds + 1, quarrelBackoff) : 0;
  }

  /** True when it had to be written. */
  async #mend(ref: WebhookConfigurationRef, bundle: string, signal: AbortSignal): Promise<boolean> {
    const { client, observe, logger } = this.#deps;
    const key = keyOf(ref);
    const seen = this.#seen.get(key);
    if (seen === undefined || wrongEntries(seen, bundle).length === 0) return false;
    const patched = await client.patch<WebhookConfiguration>(
      ref.resource,
      { name: ref.name },
      bundlePatch(seen, bundle),
      { type: 'json', signal, timeoutMs: callTimeoutMs },
    );
    this.#seen.set(key, patched);
    observe?.(ref.name);
    logger.info({ configuration: ref.name, kind: ref.resource.kind }, 'caBundle written');
    return true;
  }
}

/** JSON patch for the entries that are wrong. The test of the name fails when entries were moved meanwhile. */
function bundlePatch(configuration: WebhookConfiguration, bundle: string): readonly unknown[] {
  return wrongEntries(configuration, bundle).flatMap((index) => [
    { op: 'test', path: `/webhooks/${index}/name`, value: configuration.webhooks?.[index]?.name },
    { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: encode(bundle) },
  ]);
}

function wrongEntries({ webhooks = [] }: WebhookConfiguration, bundle: string): readonly number[] {
  const wanted = encode(bundle);
  return webhooks.flatMap(({ clientConfig }, index) => (clientConfig?.caBundle === wanted ? [] : [index]));
}

function encode(bundle: string): string {
  return Buffer.from(bundle).toString('base64');
}

function keyOf({ resource, name }: WebhookConfigurationRef): string {
  return `${resource.kind}/${name}`;
}

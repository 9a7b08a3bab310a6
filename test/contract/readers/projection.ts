import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { secretContent } from '../../../src/bindings/secret-content.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import { noShape } from '../../../src/shapes/shape-rule.ts';
import { writeVolume } from '../../support/kubelet-lite/write-volume.ts';
import type { BrokerShape } from './broker-shapes.ts';

/** The provider that every reader finds. */
export const provider = 'acme';

/** The Secrets of brokers as containers see them: of each a directory for `$SERVICE_BINDING_ROOT`, with the binding `db`. */
export class Projection implements AsyncDisposable {
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
  }

  static async of(shapes: readonly BrokerShape[]): Promise<Projection> {
    const projection = new Projection(await mkdtemp(join(tmpdir(), 'bindery-readers-')));
    for (const shape of shapes) {
      const entries = Object.entries(secretOf(shape)).map(
        ([key, text]) => [key, { content: Buffer.from(text), mode: 0o644 }] as const,
      );
      await writeVolume(join(projection.rootOf(shape), 'db'), 'atomic', Object.fromEntries(entries));
    }
    return projection;
  }

  rootOf({ broker }: BrokerShape): string {
    return join(this.#home, broker.replaceAll(/[^a-z0-9]+/gi, '-'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}

/** What the Secret of a binding holds when that broker has answered so. */
export function secretOf({
  className,
  tags = [],
  credentials,
}: BrokerShape): Readonly<Record<string, string>> {
  const offering = {
    scope: 'cluster',
    class: { spec: { externalName: className, tags, clusterServiceBrokerName: provider } },
    plan: { spec: { externalName: 'small' } },
  } as unknown as Offering;
  const binding = { metadata: { name: 'db', namespace: 'shop' }, spec: { instanceRef: { name: 'i' } } };
  const content = secretContent(binding, parseExact(credentials) as JsonObject, offering, noShape);
  if (content.kind === 'refused') throw new Error(content.message);
  return content.data;
}

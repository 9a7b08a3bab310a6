import { randomBytes } from 'node:crypto';
import { sha256Hex } from '../base/hash.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isApiError, isConflict, isForbidden, isNotFound } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import { withoutWords } from '../kube/secret-refusal.ts';
import { decodeBase64, type SecretObject } from '../kube/data-objects.ts';

export interface ChecksumKeyDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  /** Bindery's own. */
  readonly namespace: string;
  readonly logger: Logger;
}

export interface Key {
  /** Says which key made a checksum, and nothing about the key. */
  readonly id: string;
  readonly text: string;
}

const name = 'bindery-checksum-key';
const timeoutMs = 10_000;

/**
 * The key of checksums that stand where many may read them, of things that few may know. Random, and kept in a Secret of
 * Bindery's own namespace; it is not a matter of data: with another key, checksums of before are told apart by its id.
 */
export class ChecksumKey {
  readonly #deps: ChecksumKeyDeps;
  #known: Key | undefined;
  #reading: Promise<Key> | undefined;

  constructor(deps: ChecksumKeyDeps) {
    this.#deps = deps;
  }

  /** @throws KubeApiError, KubeConnectionError when the API server did not say what it is */
  async get(): Promise<Key> {
    if (this.#known !== undefined) return this.#known;
    this.#reading ??= this.#readOrInvent().finally(() => {
      this.#reading = undefined;
    });
    this.#known = await this.#reading;
    return this.#known;
  }

  async #readOrInvent(): Promise<Key> {
    try {
      return keyOf(await this.#read());
    } catch (error) {
      // Where Bindery may keep none, or its namespace is not there (`bindery run` for development).
      if (!isForbidden(error) && !isNotFound(error)) throw isApiError(error) ? withoutWords(error) : error;
      const told = isApiError(error) ? withoutWords(error) : error;
      this.#deps.logger.warn(
        errorFields(told),
        'no key for checksums can be kept: one is used until the end',
      );
      return keyOf(newText());
    }
  }

  async #read(): Promise<string> {
    const { client, namespace } = this.#deps;
    const ref = { namespace, name };
    try {
      const found = await client.get<SecretObject>(secrets, ref, { timeoutMs });
      const text = decodeBase64(found.data?.['key'] ?? '');
      if (text !== '') return text;
      return await this.#fill(found.metadata.resourceVersion);
    } catch (error) {
      if (isConflict(error)) return this.#read();
      if (!isNotFound(error)) throw error;
    }
    return this.#create();
  }

  async #create(): Promise<string> {
    const { client, namespace } = this.#deps;
    const text = newText();
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name, labels: { 'app.kubernetes.io/managed-by': 'bindery' } },
      data: { key: Buffer.from(text).toString('base64') },
    };
    try {
      await client.create(secrets, secret, { timeoutMs });
      return text;
    } catch (error) {
      // Another replica was faster: its key is the one.
      if (isAlreadyExists(error)) return this.#read();
      throw error;
    }
  }

  /** The Secret is there without a key. */
  async #fill(resourceVersion: string | undefined): Promise<string> {
    const { client, namespace } = this.#deps;
    const text = newText();
    const patch = { metadata: { resourceVersion }, data: { key: Buffer.from(text).toString('base64') } };
    await client.patch(secrets, { namespace, name }, patch, { type: 'merge', timeoutMs });
    return text;
  }
}

function newText(): string {
  return randomBytes(32).toString('hex');
}

function keyOf(text: string): Key {
  return { id: sha256Hex(`id of ${text}`).slice(0, 8), text };
}

import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import type { KubeObject, ObjectRef } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';

/** An API server that knows a few objects by "Kind namespace/name", and counts how often each is asked for. */
export class ObjectReader {
  readonly objects = new Map<string, object>();
  readonly reads: string[] = [];
  /** The next read fails with this. */
  failure: Error | undefined;

  readonly client: Pick<KubeClient, 'get'> = {
    get: <T extends KubeObject>(resource: Resource, { namespace, name }: ObjectRef): Promise<T> => {
      const key = `${resource.kind} ${namespace}/${name}`;
      this.reads.push(key);
      const { failure } = this;
      this.failure = undefined;
      if (failure !== undefined) return Promise.reject(failure);
      const object = this.objects.get(key);
      return object === undefined ? Promise.reject(apiError(404, 'NotFound')) : Promise.resolve(object as T);
    },
  };

  secret(name: string, values: Readonly<Record<string, string>>): this {
    const entries = Object.entries(values).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]);
    this.objects.set(`Secret ${name}`, { metadata: { name }, data: Object.fromEntries(entries) as unknown });
    return this;
  }

  configMap(name: string, data: Readonly<Record<string, string>>): this {
    this.objects.set(`ConfigMap ${name}`, { metadata: { name }, data });
    return this;
  }
}

export function apiError(status: number, reason: string): KubeApiError {
  return new KubeApiError({ status, reason, message: `refused: ${reason}` });
}

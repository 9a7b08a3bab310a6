import { clusterServicePlans, servicePlans } from '../api/kinds.ts';
import { jsonOf } from '../base/lazy-json.ts';
import { Withheld } from '../control/withheld.ts';
import type { CallOptions, KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { readSchema, type Schema } from '../schemas/read-schema.ts';
import type { Offering } from './resolve.ts';

/** The fields of a plan that say what parameters may be. */
export type SchemaField =
  'instanceCreateParameterSchema' | 'instanceUpdateParameterSchema' | 'serviceBindingCreateParameterSchema';

/** Characters of schemas that are kept ready: parsed they take ten times that. */
const maxKeptLength = 256 * 1024;

type PlanObject = KubeObject & { readonly spec: object };

/**
 * The schemas of plans. Stores keep the small ones; a large one is read when it is needed, and the last ones stay, known by
 * the checksum that stores have of them.
 */
export class ParameterSchemas {
  readonly #client: Pick<KubeClient, 'list'>;
  readonly #kept = new Map<string, { readonly schema: Schema | undefined; readonly length: number }>();
  #keptLength = 0;

  constructor(client: Pick<KubeClient, 'list'>) {
    this.#client = client;
  }

  /**
   * Undefined when there is none, or none that can be used.
   * @throws KubeApiError, KubeConnectionError
   */
  async find(offering: Offering, field: SchemaField, options: CallOptions): Promise<Schema | undefined> {
    const { spec } = offering.plan;
    const value: unknown = Object.getOwnPropertyDescriptor(spec, field)?.value;
    if (!(value instanceof Withheld)) return schemaIn(jsonOf(spec, field));
    const kept = this.#kept.get(value.checksum);
    if (kept !== undefined) return kept.schema;
    const text = await this.#read(offering, field, options);
    const schema = schemaIn(text);
    if (text !== undefined) this.#keep(value.checksum, schema, text.length);
    return schema;
  }

  /** By a list of one: whoever may watch plans may do that, too. */
  async #read(
    { scope, plan }: Offering,
    field: SchemaField,
    options: CallOptions,
  ): Promise<string | undefined> {
    const { name, namespace } = plan.metadata;
    const resource = scope === 'cluster' ? clusterServicePlans : servicePlans;
    const query = { namespace, fieldSelector: `metadata.name=${name}` };
    const { items } = await this.#client.list<PlanObject>(resource, query, options);
    const [live] = items;
    return live === undefined ? undefined : jsonOf(live.spec, field);
  }

  #keep(checksum: string, schema: Schema | undefined, length: number): void {
    for (const [oldest, { length: freed }] of this.#kept) {
      if (this.#keptLength + length <= maxKeptLength) break;
      this.#kept.delete(oldest);
      this.#keptLength -= freed;
    }
    if (length > maxKeptLength || this.#kept.has(checksum)) return;
    this.#kept.set(checksum, { schema, length });
    this.#keptLength += length;
  }
}

function schemaIn(text: string | undefined): Schema | undefined {
  if (text === undefined || text === 'null') return undefined;
  const read = readSchema(text);
  return read.kind === 'schema' ? read.schema : undefined;
}

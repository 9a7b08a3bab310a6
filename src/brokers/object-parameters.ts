import { maxParametersBytes, parametersField } from '../api/free-form.ts';
import type { JsonObject } from '../base/json.ts';
import { jsonOf } from '../base/lazy-json.ts';
import { Withheld } from '../control/withheld.ts';
import { KubeApiError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import type { RecordedParameters } from './parameter-checksum.ts';
import {
  resolveParameters,
  type ParameterDeps,
  type ParameterSource,
  type ResolvedParameters,
} from './parameters.ts';

interface WithParameters extends KubeObject {
  readonly spec: Omit<ParameterSource, 'defaults'>;
  readonly status?: {
    readonly inProgressProperties?: RecordedParameters | null;
    readonly externalProperties?: RecordedParameters | null;
  };
}

/**
 * The parameters of an instance or a binding from a store. Stores keep no large ones: those are read anew. Those that are
 * larger than allowed are not even read.
 * @param defaults what is used for whatever they leave open
 * @throws KubeApiError; 409 when the object has changed since it was read, or is another one: reconcile it again
 */
export async function objectParameters(
  deps: ParameterDeps,
  resource: Resource,
  object: WithParameters,
  defaults: JsonObject | undefined,
  signal: AbortSignal,
): Promise<ResolvedParameters> {
  const known = Object.getOwnPropertyDescriptor(object.spec, parametersField)?.value as unknown;
  if (known instanceof Withheld && known.bytes > maxParametersBytes) return tooLarge(known.bytes);
  const { spec } =
    known instanceof Withheld ? await liveObject(deps.client, resource, object, signal) : object;
  const bytes = Buffer.byteLength(jsonOf(spec, parametersField) ?? '');
  if (bytes > maxParametersBytes) return tooLarge(bytes);
  const { parameters, parametersFrom } = spec;
  const source = { parameters: parameters ?? null, parametersFrom: parametersFrom ?? null, defaults };
  const { inProgressProperties, externalProperties } = object.status ?? {};
  const recorded = [inProgressProperties, externalProperties];
  return resolveParameters(source, object.metadata.namespace ?? '', deps, recorded, signal);
}

function tooLarge(bytes: number): ResolvedParameters {
  const message =
    `spec.parameters has ${bytes} bytes, ${maxParametersBytes} are allowed. ` +
    'Make it smaller: what is large belongs where the service can fetch it.';
  return { kind: 'refused', message };
}

async function liveObject(
  client: ParameterDeps['client'],
  resource: Resource,
  { metadata }: WithParameters,
  signal: AbortSignal,
): Promise<WithParameters> {
  const { name, namespace, uid, generation } = metadata;
  const ref = namespace === undefined ? { name } : { namespace, name };
  const live = await client.get<WithParameters>(resource, ref, { signal });
  if (live.metadata.uid === uid && live.metadata.generation === generation) return live;
  const message = `${resource.kind} "${name}" has changed since it was read`;
  throw new KubeApiError({ status: 409, reason: 'Conflict', message });
}

import {
  defaultParametersField,
  maxDefaultParametersBytes,
  maxParametersBytes,
  parametersField,
} from '../api/free-form.ts';
import { JsonText } from '../base/json-text.ts';
import { jsonEqual, type JsonObject } from '../base/json.ts';

const fields: ReadonlyMap<string, string> = new Map([
  ['ServiceInstance', parametersField],
  ['ServiceBinding', parametersField],
  ['ClusterServiceClass', defaultParametersField],
  ['ServiceClass', defaultParametersField],
  ['ClusterServicePlan', defaultParametersField],
  ['ServicePlan', defaultParametersField],
]);

/**
 * Why parameters are too large, as a sentence; undefined when they are not. Those that an object has already are let
 * through, or nothing else of it could be changed any more.
 */
export function largeParameters(kind: string, spec: JsonObject, oldSpec: JsonObject): string | undefined {
  const field = fields.get(kind);
  const value = field === undefined ? undefined : spec[field];
  if (field === undefined || value === undefined || value === null) return undefined;
  const bytes = Buffer.byteLength(value instanceof JsonText ? value.text : JSON.stringify(value));
  const most = field === parametersField ? maxParametersBytes : maxDefaultParametersBytes;
  if (bytes <= most || jsonEqual(value, oldSpec[field])) return undefined;
  return (
    `spec.${field} has ${bytes} bytes, ${most} are allowed: ` +
    'make it smaller; what is large belongs where the service can fetch it'
  );
}

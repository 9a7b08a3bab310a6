import { jsonText } from './json-text.ts';

/** Any JSON patch operation. */
export interface PatchTextOperation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/**
 * A JSON patch as text, the same as `JSON.stringify` would write. Objects that are added are written once and
 * remembered, since the same ones are added to all Pods of a workload.
 */
export function patchText(operations: readonly PatchTextOperation[]): string {
  return `[${operations.map(operationText).join(',')}]`;
}

function operationText(operation: PatchTextOperation): string {
  const start = `{"op":"${operation.op}","path":${JSON.stringify(operation.path)}`;
  return operation.value === undefined ? `${start}}` : `${start},"value":${valueText(operation.value)}}`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  return typeof value === 'object' && value !== null ? jsonText(value) : JSON.stringify(value);
}

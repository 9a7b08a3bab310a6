import { JsonText } from '../base/json-text.ts';
import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import { sentence } from '../base/sentence.ts';
import type { ParameterOrigins } from '../brokers/parameters.ts';
import type { SchemaField } from '../model/parameter-schemas.ts';
import type { Offering } from '../model/resolve.ts';
import { unfitParameters, type KnownParameters } from '../model/unfit-parameters.ts';
import { withoutParameters, type Unprepared } from './attempt.ts';
import type { OperationDeps } from './operation-deps.ts';

type Task = Pick<OperationDeps, 'schemas'> & { readonly signal: AbortSignal };

/** What a request is about to tell the broker. */
export interface Sent {
  readonly parameters: JsonObject | JsonText | undefined;
  readonly origins: ParameterOrigins | undefined;
}

/**
 * Why nothing is sent: the schema of the plan refuses these parameters for certain. May heal: what is wrong may be in a
 * Secret, a class or a plan. To be asked only before the first request, since a repeated one must be as it was.
 */
export async function refusedBySchema(
  task: Task,
  offering: Offering,
  field: SchemaField,
  sent: Sent,
): Promise<Unprepared | undefined> {
  return refusal(task, offering, field, { ...known(sent), isPartial: false });
}

/**
 * The same for an update, of which the schema may name what can be changed and nothing else: only what differs from before
 * counts, as far as that can be told.
 * @param before as recorded in the status
 */
export async function refusedChange(
  task: Task,
  offering: Offering,
  sent: Sent,
  before: object | undefined,
): Promise<Unprepared | undefined> {
  const all = known(sent);
  const old = isObject(before) ? before : {};
  if (Object.hasOwn(old, '<omitted>')) return undefined;
  const changed = Object.entries(all.parameters).filter(
    ([name, value]) => all.fromSecrets?.has(name) !== true && !jsonEqual(value, old[name]),
  );
  if (changed.length === 0) return undefined;
  const parameters = Object.fromEntries(changed);
  return refusal(task, offering, 'instanceUpdateParameterSchema', { ...all, parameters, isPartial: true });
}

async function refusal(
  { schemas, signal }: Task,
  offering: Offering,
  field: SchemaField,
  parameters: KnownParameters,
): Promise<Unprepared | undefined> {
  const schema = await schemas.find(offering, field, { signal });
  const problem = schema && unfitParameters(schema, parameters, offering);
  if (problem === undefined) return undefined;
  const message = sentence(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}`);
  return withoutParameters({ kind: 'unavailable', message });
}

function known({ parameters = {}, origins }: Sent): Omit<KnownParameters, 'isPartial'> {
  const whole = parameters instanceof JsonText ? parameters.toJSON() : parameters;
  return { parameters: isObject(whole) ? whole : {}, ...origins };
}

import { requestNames, type RequestOwner } from '../injection/binding.ts';
import { parametersSecret } from '../injection/parameters.ts';
import { cut } from '../injection/problem.ts';
import type { BindingRequest } from '../injection/request.ts';
import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { unfitSpec, type WishDeps } from './unfit-wish.ts';

/** As much as of what is wrong with an offering, and where to look. */
const maxProblemLength = 400;

/**
 * Services that will not be made since the schema of their plan refuses their parameters, as warnings: a class can be
 * replaced, and a roll-back must not fail for it. What is there already is not looked at.
 * @param specOf an instance of class and plan as the workload controller would write it
 */
export async function unfitRequests(
  requests: readonly BindingRequest[],
  owner: RequestOwner,
  specOf: (className: string, plan: string, namespace: string) => JsonObject,
  deps: WishDeps,
  timeoutMs: number,
): Promise<readonly string[]> {
  const warnings = requests.map(async (request) => {
    const { name, source, parameters } = request;
    if (source.kind !== 'request') return [];
    const { instance = '' } = requestNames(request, owner, () => undefined);
    if (deps.instance(owner.namespace, instance) !== undefined) return [];
    const spec = { ...specOf(source.class, source.plan, owner.namespace), ...wishOf(parameters) };
    const problem = await unfitSpec(spec, owner.namespace, deps, timeoutMs);
    return problem === undefined ? [] : [cut(`binding "${name}": ${problem}`, maxProblemLength)];
  });
  return (await Promise.all(warnings)).flat();
}

function wishOf(parameters: string): JsonObject {
  if (parameters === '') return {};
  const secretKeyRef = parametersSecret(parameters);
  if (secretKeyRef !== undefined) return { parametersFrom: [{ secretKeyRef }] };
  try {
    const value = parseExact(parameters);
    return isObject(value) ? { parameters: value } : {};
  } catch {
    // A mistake, which is refused elsewhere.
    return {};
  }
}

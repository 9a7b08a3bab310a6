import { bindingAnnotationPrefixes } from '../api/group.ts';
import { hasRequestedName, markOf, requestedName, type WorkloadRef } from '../api/requested-identity.ts';
import { parseAnnotations, type ParsedAnnotations } from '../injection/annotations.ts';
import { instanceIdentity, loginIdentity } from '../injection/binding.ts';
import type { RawMetadata } from '../injection/pod.ts';
import type { Reclaim } from '../injection/request-owner.ts';
import type { BindingRequest, BindingSource } from '../injection/request.ts';
import { topWorkload } from '../injection/top-workload.ts';

/** Names and mark of an object that is made for a workload. */
export interface WishedObject {
  readonly name: string;
  readonly mark: string;
}

/** A service and a login, or only a login, that annotations ask for. */
export interface Wish {
  readonly login: WishedObject;
  /** `request/<class>/<plan>` makes an instance as well; `instance/<i>` is for one that is there. */
  readonly request: (WishedObject & { readonly class: string; readonly plan: string }) | undefined;
  /** Name of the instance that is bound. */
  readonly instance: string;
  /** JSON, or where it is; empty for none. As text: it is looked at only when something is made. */
  readonly parameters: string;
  /** Whose instance it is was said: nothing depends on the name of the workload. */
  readonly isShared: boolean;
  /** For how long the instance is kept when nobody asks any more; undefined for what the namespace or the cluster says. */
  readonly reclaim: Reclaim | undefined;
  /** What the Secret shall have besides the broker's keys; undefined where that can not be understood. */
  readonly shape: string | undefined;
}

export interface Wishes {
  readonly list: readonly Wish[];
}

/** Every trace of a wish. It makes nothing, and keeps what there is. */
export interface Traces extends Wishes {
  /** Bindings for which something is said that can not be understood: what the workload had under these names is meant. */
  readonly unclear: readonly string[];
  /** Something is said of which nobody knows for what: all that the workload had may be meant. */
  readonly isUnclear: boolean;
  /** What `binding/`, `instance/` and `secret/` name, if it has the form of requested names. */
  readonly named: readonly string[];
}

export const noWishes: Traces = { list: [], unclear: [], isUnclear: false, named: [] };

const maxUnclear = 256;

/** What annotations of a workload ask to be made, and what they may mean. */
export function wishesOf(
  annotations: Readonly<Record<string, string>>,
  namespace: string,
  workload: WorkloadRef,
): Traces {
  const parsed = parseAnnotations(annotations);
  const { requests, problems, isExcessive = false } = parsed;
  const said = unclearNames(annotations, parsed);
  // With so many it is simpler, and as safe, to take all that the workload had for meant.
  const isTooMany = said.length > maxUnclear;
  const unclear = isTooMany ? [] : said;
  const isOfUnclear = (key: string): boolean => {
    const name = bindingOf(key);
    return name !== undefined && unclear.includes(name) && isLegal(name);
  };
  return {
    list: requests.flatMap((request) => wishOf(request, namespace, workload) ?? []),
    unclear,
    isUnclear:
      isExcessive ||
      isTooMany ||
      problems.some(({ key, severity }) => severity !== 'warning' && !isOfUnclear(key)),
    named: requests.flatMap(({ source }) => nameIn(source) ?? []).filter(hasRequestedName),
  };
}

/** All names of what these annotations of a Pod mean, whoever made it. */
export function namesOf(metadata: RawMetadata, namespace: string): readonly string[] {
  const { workload } = topWorkload('Pod', metadata);
  const { list, named } = wishesOf(metadata.annotations ?? {}, namespace, workload);
  const instances = list.map(({ instance }) => instance).filter(hasRequestedName);
  return [...list.map(({ login }) => login.name), ...instances, ...named];
}

/** Names for which there is a key and no request that could be read. */
function unclearNames(
  annotations: Readonly<Record<string, string>>,
  { requests }: ParsedAnnotations,
): readonly string[] {
  const read = new Set(requests.map(({ name }) => name));
  const said = Object.keys(annotations).flatMap((key) => bindingOf(key) ?? []);
  return [...new Set(said)].filter((name) => !read.has(name));
}

const prefixes = Object.values(bindingAnnotationPrefixes);

function bindingOf(key: string): string | undefined {
  const prefix = prefixes.find((one) => key.startsWith(one));
  return prefix === undefined ? undefined : key.slice(prefix.length);
}

/** What no binding can be called was meant for another one. */
function isLegal(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name);
}

/** The object that it names. */
export function nameIn(source: BindingSource): string | undefined {
  if (source.kind === 'binding') return source.binding;
  if (source.kind === 'instance') return source.instance;
  return source.kind === 'secret' ? source.secret : undefined;
}

function shapeText(shape: BindingRequest['shape']): string | undefined {
  return shape === 'unclear' ? undefined : (shape?.text ?? '');
}

function wishOf(request: BindingRequest, namespace: string, workload: WorkloadRef): Wish | undefined {
  const { source, parameters, share, reclaim, shape } = request;
  if (source.kind !== 'request' && source.kind !== 'instance') return undefined;
  const service = source.kind === 'request' ? instanceIdentity(request, source.class, workload) : undefined;
  const instance = source.kind === 'instance' ? source.instance : '';
  const made =
    service === undefined || source.kind !== 'request'
      ? undefined
      : {
          name: requestedName(namespace, service),
          mark: markOf(service),
          class: source.class,
          plan: source.plan,
        };
  const login = loginIdentity(request, made?.name ?? instance, workload);
  return {
    login: { name: requestedName(namespace, login), mark: markOf(login) },
    request: made,
    instance: made?.name ?? instance,
    parameters,
    isShared: share !== undefined,
    reclaim,
    shape: shapeText(shape),
  };
}

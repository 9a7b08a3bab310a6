import { bindingAnnotationPrefixes as prefix } from '../api/group.ts';
import { nearestWord } from './annotation-keys.ts';
import { allContainers, parseContainerFilter, type ContainerFilter } from './container-filter.ts';
import { noEnv, parseEnvRule, type EnvRule } from './env-rule.ts';
import { isAbsolute } from './mount-path.ts';
import { parameterProblems } from './parameters.ts';
import { isAliasesOnly, parseShape, type ShapeRule } from '../shapes/shape-rule.ts';
import { parseReclaim, parseShare, type Reclaim, type Share } from './request-owner.ts';
import type { Annotations } from './pod.ts';
import { error, mistake, quote, warning, type Problem } from './problem.ts';

/** Where a binding comes from, as the annotation `bind.servicecatalog.k8s.io/<name>` says it. */
export type BindingSource =
  | { readonly kind: 'binding'; readonly binding: string }
  | { readonly kind: 'instance'; readonly instance: string }
  | { readonly kind: 'request'; readonly class: string; readonly plan: string }
  | { readonly kind: 'secret'; readonly secret: string };

export type SourceKind = BindingSource['kind'];

/** What to do when the Pod already says something else. */
export type ConflictPolicy = 'deny' | 'skip' | 'keep-mine';

/** What happens while the Secret is missing. */
export type WaitMode = 'kubelet' | 'gate' | 'optional' | 'deny';

/** Where the files go. */
export type MountRule =
  { readonly kind: 'root' } | { readonly kind: 'path'; readonly path: string } | { readonly kind: 'none' };

/** One binding that a Pod shall get, from its annotations or from a PodPreset. */
export interface BindingRequest {
  /** Directory below `$SERVICE_BINDING_ROOT`. */
  readonly name: string;
  readonly source: BindingSource;
  /** Canonical text of the source, `binding/db` for an empty one. */
  readonly sourceText: string;
  readonly env: EnvRule;
  readonly containers: ContainerFilter;
  readonly mount: MountRule;
  readonly wait: WaitMode;
  /** True: the file `type` comes from the Pod's own annotation instead of the Secret. */
  readonly overridesType: boolean;
  readonly overridesProvider: boolean;
  /** Value of the `params.` annotation; empty without one. Never logged. */
  readonly parameters: string;
  /** True: a new Secret content shall roll the workload. */
  readonly restartOnChange: boolean;
  /** Whose instance it is; undefined for one of the workload's own. */
  readonly share: Share | undefined;
  /** For how long the instance is kept when nobody asks any more; undefined for what the namespace or the cluster says. */
  readonly reclaim: Reclaim | undefined;
  /** What else than the keys of the Secret there shall be; undefined for nothing. */
  readonly shape: Shape | 'unclear' | undefined;
  /** Name of the PodPreset; undefined when the Pod asked for itself. */
  readonly preset?: string;
}

/** A shape as it was written, and what it says. */
export interface Shape {
  readonly text: string;
  readonly rule: ShapeRule;
}

type ParsedSource =
  | { readonly kind: 'source'; readonly source: BindingSource; readonly text: string }
  | { readonly kind: 'illegal'; readonly message: string };

/** DNS subdomain (RFC 1123), the rule for names of Secrets, instances and bindings. */
const objectName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** External names of classes and plans come from the broker: anything visible, but no slash. */
const externalName = /^[^\s/\p{C}]{1,253}$/u;

/**
 * Reads the value of a source annotation. Empty means an existing ServiceBinding named like the directory.
 * @returns the source with its canonical text, the one that enters hashes
 */
export function parseSource(name: string, value: string): ParsedSource {
  const text = value.trim() === '' ? `binding/${name}` : value.trim();
  const [kind, ...parts] = text.split('/');
  if (kind === 'request') {
    const [className, plan, ...more] = parts;
    return isExternalName(className) && isExternalName(plan) && more.length === 0
      ? { kind: 'source', text, source: { kind, class: className, plan } }
      : illegal(name, `${quote(text)} is not request/<class>/<plan>`);
  }
  if (kind !== 'binding' && kind !== 'instance' && kind !== 'secret') {
    return illegal(name, noSource(text));
  }
  const [object, ...more] = parts;
  return object !== undefined && objectName.test(object) && more.length === 0
    ? { kind: 'source', text, source: sourceOf(kind, object) }
    : illegal(name, `${quote(text)} does not name a Kubernetes object`);
}

function noSource(text: string): string {
  const [kind = '', ...parts] = text.split('/');
  const meant = nearestWord(kind, ['binding', 'instance', 'request', 'secret']);
  return meant === undefined
    ? `${quote(text)} is not binding/…, instance/…, request/…/… or secret/…`
    : `${quote(text)} is no source; did you mean ${quote([meant, ...parts].join('/'))}?`;
}

function isExternalName(text: string | undefined): text is string {
  return text !== undefined && externalName.test(text);
}

function sourceOf(kind: 'binding' | 'instance' | 'secret', name: string): BindingSource {
  if (kind === 'binding') return { kind, binding: name };
  if (kind === 'instance') return { kind, instance: name };
  return { kind, secret: name };
}

function illegal(name: string, what: string): ParsedSource {
  return { kind: 'illegal', message: `binding ${quote(name)}: ${what}` };
}

/** The settings of a request: everything besides its name and its source. */
type Modifiers = Omit<BindingRequest, 'name' | 'source' | 'sourceText' | 'preset'>;

interface ParsedModifiers {
  readonly values: Modifiers;
  readonly problems: readonly Problem[];
}

/** Reads the annotations that say how a binding is injected. */
export function requestModifiers(
  name: string,
  source: BindingSource,
  annotations: Annotations,
): ParsedModifiers {
  const reader = new ModifierReader(name, annotations);
  const wait = readWait(reader);
  const overridesType = readOverride(reader, 'type');
  if (wait === 'optional' && !overridesType && reader.value('mount') !== 'none') {
    const type = `type is ${quote(name)} while the Secret is missing`;
    reader.warn('wait', `wait=optional without type: ${type}`);
  }
  const values: Modifiers = {
    env: readEnv(reader),
    containers: readContainers(reader),
    mount: readMount(reader),
    wait,
    overridesType,
    overridesProvider: readOverride(reader, 'provider'),
    parameters: readParameters(reader, source),
    restartOnChange: readRestart(reader),
    share: readShare(reader, source),
    reclaim: readReclaim(reader, source),
    shape: readShape(reader, source),
  };
  return { values, problems: reader.problems };
}

/** One binding's annotations, and what was found wrong with them. */
class ModifierReader {
  readonly problems: Problem[] = [];
  readonly #name: string;
  readonly #annotations: Annotations;

  constructor(name: string, annotations: Annotations) {
    this.#name = name;
    this.#annotations = annotations;
  }

  value(family: keyof typeof prefix): string | undefined {
    const key = prefix[family] + this.#name;
    return Object.hasOwn(this.#annotations, key) ? this.#annotations[key]?.trim() : undefined;
  }

  fail(family: keyof typeof prefix, message: string): void {
    this.problems.push(error(prefix[family] + this.#name, `binding ${quote(this.#name)}: ${message}`));
  }

  /** What a Pod can do without. */
  mistake(family: keyof typeof prefix, message: string): void {
    this.problems.push(mistake(prefix[family] + this.#name, `binding ${quote(this.#name)}: ${message}`));
  }

  warn(family: keyof typeof prefix, message: string): void {
    this.problems.push(warning(prefix[family] + this.#name, `binding ${quote(this.#name)}: ${message}`));
  }
}

function readEnv(reader: ModifierReader): EnvRule {
  const value = reader.value('env');
  if (value === undefined) return noEnv;
  const parsed = parseEnvRule(value);
  if (parsed.kind === 'illegal') {
    reader.fail('env', `env ${parsed.message}`);
    return noEnv;
  }
  for (const name of parsed.unreadable) reader.warn('env', `env ${quote(name)} can not be read by a shell`);
  return parsed.rule;
}

function readContainers(reader: ModifierReader): ContainerFilter {
  const value = reader.value('containers');
  if (value === undefined) return allContainers;
  const parsed = parseContainerFilter(value);
  if (parsed.kind === 'filter') return parsed.filter;
  reader.fail('containers', parsed.message);
  return allContainers;
}

function readMount(reader: ModifierReader): MountRule {
  const path = reader.value('mount');
  if (path === undefined) return { kind: 'root' };
  if (path === 'none') return { kind: 'none' };
  if (isAbsolute(path)) return { kind: 'path', path };
  reader.fail('mount', `mount ${quote(path)} is neither an absolute path nor none`);
  return { kind: 'none' };
}

function readWait(reader: ModifierReader): WaitMode {
  const value = reader.value('wait');
  if (value === undefined || value === 'kubelet' || value === 'optional') return value ?? 'kubelet';
  if (value === 'gate' || value === 'deny') return value;
  reader.warn('wait', `wait ${quote(value)} is not kubelet, gate, optional or deny; kubelet is used`);
  return 'kubelet';
}

function readOverride(reader: ModifierReader, family: 'type' | 'provider'): boolean {
  const value = reader.value(family);
  if (value === '') reader.warn(family, `${family} is empty and has no effect`);
  return value !== undefined && value !== '';
}

function readParameters(reader: ModifierReader, source: BindingSource): string {
  const value = reader.value('params');
  if (value === undefined || value === '') return '';
  if (source.kind !== 'request' && source.kind !== 'instance') {
    reader.warn('params', `params has no effect with ${source.kind}/…`);
    return '';
  }
  for (const problem of parameterProblems(value)) {
    if (problem.severity === 'error') reader.fail('params', problem.message);
    else reader.warn('params', problem.message);
  }
  return value;
}

function readRestart(reader: ModifierReader): boolean {
  const value = reader.value('restart');
  if (value !== undefined && value !== 'on-change') {
    reader.warn('restart', `restart ${quote(value)} is not on-change and has no effect`);
  }
  return value === 'on-change';
}

function readShare(reader: ModifierReader, source: BindingSource): Share | undefined {
  const value = reader.value('share');
  if (value === undefined || !isOfRequest(reader, 'share', source)) return undefined;
  const share = parseShare(value);
  if (share === undefined) {
    reader.fail(
      'share',
      `share ${quote(value)} is neither an id of a-z, 0-9 and "-" nor <Kind>/<name> of a workload`,
    );
  }
  return share;
}

function readReclaim(reader: ModifierReader, source: BindingSource): Reclaim | undefined {
  const value = reader.value('reclaim');
  if (value === undefined || !isOfRequest(reader, 'reclaim', source)) return undefined;
  const reclaim = parseReclaim(value);
  if (reclaim === undefined) {
    reader.mistake('reclaim', `reclaim ${quote(value)} is not delete, keep or a time such as 30d or 12h`);
  }
  return reclaim;
}

function readShape(reader: ModifierReader, { kind }: BindingSource): BindingRequest['shape'] {
  const text = reader.value('shape');
  if (text === undefined || text === '') return undefined;
  const parsed = parseShape(text);
  if (parsed.kind === 'illegal') {
    reader.mistake('shape', `shape ${parsed.message}`);
    return 'unclear';
  }
  if ((kind === 'secret' || kind === 'binding') && !isAliasesOnly(parsed.rule)) {
    reader.warn('shape', `with ${kind}/… only <new key>=<key> has an effect`);
  }
  return { text, rule: parsed.rule };
}

/** Only what is made for a workload can be shared, or given back. */
function isOfRequest(reader: ModifierReader, family: 'share' | 'reclaim', { kind }: BindingSource): boolean {
  if (kind !== 'request') reader.warn(family, `${family} has no effect with ${kind}/…`);
  return kind === 'request';
}

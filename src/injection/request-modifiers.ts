import { bindingAnnotationPrefixes as prefix } from '../api/group.ts';
import type { Annotations } from './pod.ts';
import { allContainers, parseContainerFilter, type ContainerFilter } from './container-filter.ts';
import { noEnv, parseEnvRule, type EnvRule } from './env-rule.ts';
import { isAbsolute } from './mount-path.ts';
import { parameterProblems } from './parameters.ts';
import { error, quote, warning, type Problem } from './problem.ts';
import type { BindingRequest, MountRule, WaitMode } from './request.ts';
import type { BindingSource } from './source.ts';

/** The settings of a request: everything besides its name and its source. */
export type Modifiers = Omit<BindingRequest, 'name' | 'source' | 'sourceText' | 'preset'>;

export interface ParsedModifiers {
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

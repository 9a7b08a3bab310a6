import { listOf, type RawContainer, type RawPodSpec } from '../injection/pod.ts';

/**
 * Names of all Secrets that the containers of a Pod, whatever they are for, get as variables or files: from `env`,
 * `envFrom`, and volumes of Secrets or projected ones. Each may come several times.
 */
export function secretNames(spec: RawPodSpec | null | undefined): readonly string[] {
  const names: unknown[] = [];
  for (const volume of listOf(spec?.volumes)) {
    names.push(field(field(volume, 'secret'), 'secretName'));
    for (const source of listField(field(volume, 'projected'), 'sources'))
      names.push(field(field(source, 'secret'), 'name'));
  }
  const lists = [spec?.containers, spec?.initContainers, spec?.ephemeralContainers];
  for (const container of lists.flatMap((list) => listOf(list))) names.push(...namesIn(container));
  return names.filter((name): name is string => typeof name === 'string' && name !== '');
}

function namesIn({ env, envFrom }: RawContainer): readonly unknown[] {
  return [
    ...listOf(env).map(({ valueFrom }) => field(field(valueFrom, 'secretKeyRef'), 'name')),
    ...listOf(envFrom).map(({ secretRef }) => secretRef?.name),
  ];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function listField(value: unknown, name: string): readonly unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

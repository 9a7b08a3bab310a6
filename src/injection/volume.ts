import { bindingAnnotationPrefixes, defaultTypeAnnotationPrefix } from '../api/group.ts';
import { sha256Hex } from '../base/hash.ts';
import { memoized } from './memo.ts';
import type { RawVolume } from './pod.ts';
import type { BindingRequest } from './request.ts';

/** Octal 0644: readable for every user of a container, whoever it runs as. */
const fileMode = 0o644;

/** `sb-`, the name, a dash and eight digits fit into the 63 characters of a volume's name. */
const nameRoom = 63 - 'sb-'.length - '-'.length - 8;

/**
 * Name of a binding's volume. The digest is always there, so that a volume of the user can not have this name by
 * chance, and so that two names which look alike once dots have become dashes stay apart.
 */
export const volumeName: (request: Pick<BindingRequest, 'name' | 'sourceText'>) => string = memoized(
  ({ name, sourceText }) => {
    const readable = name.replaceAll('.', '-').slice(0, nameRoom).replace(/-+$/, '');
    return `sb-${readable}-${sha256Hex(`${name}\n${sourceText}`).slice(0, 8)}`;
  },
);

/**
 * True where nobody says that the directory has a file `type`: the Secret is somebody else's, or may be missing. Readers
 * of servicebinding.io fail on a directory without one, so the binding's name stands in for it.
 */
export function needsDefaultType({ source, wait, overridesType, mount }: BindingRequest): boolean {
  return (source.kind === 'secret' || wait === 'optional') && !overridesType && mount.kind !== 'none';
}

/**
 * The projected volume of a binding: the annotation that stands in for a missing `type`, the Secret, then the
 * annotations that override its `type` and `provider`. In a projected volume the later source wins for the same path.
 */
export function bindingVolume(request: BindingRequest, secret: string, windows: boolean): RawVolume {
  const optional = request.wait === 'optional' ? { optional: true } : {};
  const { name } = request;
  const sources: unknown[] = [{ secret: { name: secret, ...optional } }];
  if (needsDefaultType(request)) {
    sources.unshift({ downwardAPI: { items: [annotationFile('type', defaultTypeAnnotationPrefix + name)] } });
  }
  const items: unknown[] = [];
  for (const file of ['type', 'provider'] as const) {
    const isOverridden = file === 'type' ? request.overridesType : request.overridesProvider;
    if (isOverridden) items.push(annotationFile(file, bindingAnnotationPrefixes[file] + name));
  }
  if (items.length > 0) sources.push({ downwardAPI: { items } });
  // Windows has no file modes; there the API server's default may stand.
  return {
    name: volumeName(request),
    projected: windows ? { sources } : { sources, defaultMode: fileMode },
  };
}

function annotationFile(file: 'type' | 'provider', key: string): unknown {
  return { path: file, fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${key}']` } };
}

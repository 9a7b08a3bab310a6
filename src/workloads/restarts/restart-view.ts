import { restartWindowAnnotation, secretHashAnnotationPrefix } from '../../api/group.ts';
import { compact } from '../../base/compact.ts';
import { requestNames } from '../../injection/binding.ts';
import type { RawMetadata } from '../../injection/pod.ts';
import type { BindingRequest } from '../../injection/request.ts';
import type { RequestOwner } from '../../injection/binding.ts';

/** What `restart.bind…: on-change` on a workload is about. */
export interface RestartView {
  /** The directory's name, and the ServiceBinding whose Secret it holds. */
  readonly bindings: readonly { readonly name: string; readonly binding: string }[];
  /** Digests of the Secrets as they were last seen, by the binding's directory name. */
  readonly seen: Readonly<Record<string, string>>;
  /** A Deployment that somebody has paused. */
  readonly isPaused: boolean;
  /** Text of the maintenance window. */
  readonly window?: string;
}

/** A longer one can not be understood; characters. */
const maxWindowLength = 64;
const maxDigestLength = 128;

/** Kinds whose Pods are replaced when their template changes, one after the other. */
const rolled: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

interface RawSpec {
  readonly paused?: unknown;
}

/**
 * Undefined where nothing is to be rolled out: nothing asks for it, or the kind has no rollout.
 * @param metadata of the workload itself; what was written on the template counts where a manifest has dropped it here
 */
export function restartView(
  kind: string,
  requests: readonly BindingRequest[],
  owner: RequestOwner,
  metadata: RawMetadata,
  template: RawMetadata | undefined,
  spec: RawSpec | undefined,
): RestartView | undefined {
  if (!rolled.includes(kind)) return undefined;
  const bindings = requests.flatMap((request) => {
    if (!request.restartOnChange) return [];
    const { binding } = requestNames(request, owner, () => undefined);
    return binding === undefined ? [] : [{ name: request.name, binding }];
  });
  if (bindings.length === 0) return undefined;
  const said = metadata.annotations?.[restartWindowAnnotation];
  const window = said !== undefined && said.length > maxWindowLength ? '' : said;
  const names = bindings.map(({ name }) => name);
  return compact({
    bindings,
    seen: { ...hashesOn(template, names), ...hashesOn(metadata, names) },
    isPaused: spec?.paused === true,
    window,
  });
}

/** Anybody may have written there: what can not be a digest of ours is none. */
function hashesOn(
  metadata: RawMetadata | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const entries = names.flatMap((name) => {
    const digest = metadata?.annotations?.[secretHashAnnotationPrefix + name];
    return digest === undefined || digest.length > maxDigestLength ? [] : [[name, digest] as const];
  });
  return Object.fromEntries(entries);
}

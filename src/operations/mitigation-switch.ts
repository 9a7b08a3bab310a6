import { orphanMitigationAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

type Annotated = Pick<KubeObject, 'metadata'>;

/**
 * People may decide that what a failed request left at a broker stays there, to look at it (OSB, Orphan Mitigation).
 * The object's own annotation wins over its broker's. Any value but `enabled` switches it off: what was deleted
 * because of a misspelt word would be gone.
 */
export function isMitigationOff(object: Annotated, broker: Annotated | undefined): boolean {
  const setting = settingOf(object) ?? settingOf(broker);
  return setting !== undefined && setting !== 'enabled';
}

function settingOf(object: Annotated | undefined): string | undefined {
  return object?.metadata.annotations?.[orphanMitigationAnnotation];
}

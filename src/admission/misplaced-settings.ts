import {
  adoptAnnotation,
  cascadeAnnotation,
  deletionPolicyAnnotation,
  deletionProtectionAnnotation,
  followParametersAnnotation,
  orphanMitigationAnnotation,
  pausedAnnotation,
  purgeAnnotation,
  releaseToAnnotation,
  renewAnnotation,
} from '../api/group.ts';
import type { Annotations } from '../injection/pod.ts';

/** What is said on an instance or a binding, and has no effect on a workload. */
const settings: readonly string[] = [
  deletionProtectionAnnotation,
  deletionPolicyAnnotation,
  releaseToAnnotation,
  adoptAnnotation,
  cascadeAnnotation,
  followParametersAnnotation,
  orphanMitigationAnnotation,
  pausedAnnotation,
  purgeAnnotation,
  renewAnnotation,
];

/**
 * Whoever writes `deletion-policy: retain` on a Deployment believes that its service stays.
 * @param annotations those of the workload and of its Pod template
 */
export function misplacedSettings(annotations: Annotations): readonly string[] {
  return settings
    .filter((key) => annotations[key] !== undefined)
    .map((key) => `${key} has no effect on a workload: write it on its ServiceInstance or ServiceBinding`);
}

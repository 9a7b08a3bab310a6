import { requestedByAnnotation } from '../../api/group.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { workloadName } from './agreement.ts';
import type { Ask } from './wanted-services.ts';

/** Without a person nothing is made: brokers are told who asks. */
export function nobodyOnRecord(ask: Ask): string {
  const command = `kubectl annotate ${workloadName(ask).toLowerCase()} ${requestedByAnnotation}=me --overwrite`;
  return `nobody is recorded as asking: annotate anew; \`${command}\` writes it`;
}

/** An object of the name that is needed, which was not made for it. */
export function taken(kind: string, { metadata: { name } }: KubeObject): string {
  const source = kind === 'ServiceInstance' ? 'instance' : 'binding';
  return (
    `there is a ${kind} "${name}" that was not made for this workload, and is not taken over: ` +
    `ask for ${source}/${name} to use it, or remove it`
  );
}

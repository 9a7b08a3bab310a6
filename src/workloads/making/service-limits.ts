import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { reclaimAtAnnotation } from '../../api/group.ts';
import { objectKey } from '../../kube/objects.ts';
import { isRequested } from './requested-objects.ts';
import { workloadName } from './agreement.ts';
import type { Making } from './making.ts';
import type { Wanted } from './wanted-services.ts';

/** What comes under a new name each time, so that what was made for it would heap up. */
const passing: readonly string[] = ['Pod', 'Job'];
/** Beyond this number nobody reads them. */
const maxNames = 5;

/** Why a service is not made: the namespace has as many as it may. Only what passes is refused, and nothing has to go for it. */
export function beyondLimits(making: Making, wanted: Wanted): string | undefined {
  const isPassing = wanted.asks.every((ask) => passing.includes(workloadName(ask).split('/')[0] ?? ''));
  if (!isPassing) return undefined;
  const made = requestedInstances(making).map(objectKey);
  const underWay = [...making.underWay].filter((service) => service.startsWith(`${making.namespace}/`));
  const count = new Set([...made, ...underWay]).size;
  const { maxRequestedServices: max } = making;
  if (count < max) return undefined;
  return (
    `ServiceInstance "${wanted.name}" is not made: the namespace has ${count} requested services, and beyond ${max} there are no ` +
    `new ones for Pods and Jobs (--max-requested-services)${keptServices(making)}`
  );
}

/** The services of the namespace that nobody asks for, and the command that makes room; empty when there are none. */
export function keptServices(making: Making): string {
  const names = requestedInstances(making)
    .filter(({ metadata }) => metadata.annotations?.[reclaimAtAnnotation] !== undefined)
    .map(({ metadata }) => metadata.name)
    .toSorted();
  const [first] = names;
  if (first === undefined) return '';
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  const command = `kubectl delete serviceinstances.servicecatalog.k8s.io -n ${making.namespace} ${first}`;
  return `. Kept, though nobody asks for them: ${names.slice(0, maxNames).join(', ')}${more}; \`${command}\` frees one, with its data`;
}

function requestedInstances({ stores, namespace }: Making): readonly ServiceInstance[] {
  return stores.serviceInstances.store.byIndex('generated', namespace).filter(isRequested);
}

/** The API server's words for a ResourceQuota that is used up. */
export function isQuota(message: string): boolean {
  return message.includes('exceeded quota');
}

import { requestedByAnnotation } from '../../api/group.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { workloadName } from './agreement.ts';
import type { Ask } from './wanted-services.ts';

/** Without a person nothing is made: brokers are told who asks. A Pod gets bindings and a person when it is made, and never later. */
export function nobodyOnRecord(ask: Ask): string {
  if (isPod(ask)) return `nobody is recorded as asking: ${podAnew}`;
  const command = `kubectl annotate ${workloadName(ask).toLowerCase()} ${requestedByAnnotation}=me --overwrite`;
  return `nobody is recorded as asking: annotate anew; \`${command}\` writes it`;
}

/** An object of the name that is needed, which was not made for it. */
export function taken(kind: string, { metadata: { name } }: KubeObject): (ask: Ask) => string {
  const source = kind === 'ServiceInstance' ? 'instance' : 'binding';
  return (ask) =>
    `there is a ${kind} "${name}" that was not made for this workload, and is not taken over: ` +
    `ask for ${source}/${name} to use it${isPod(ask) ? ' in a Pod that is made anew' : ''}, or remove it`;
}

/**
 * A person deletes what is asked for. It is not gone before its logins are, and nobody else takes these away.
 * @param logins names of those that stay
 */
export function goingInstance(
  { metadata: { name, namespace = '' } }: KubeObject,
  logins: readonly string[],
): string {
  const going = `ServiceInstance "${name}" is being deleted`;
  if (logins.length === 0) return `${going}; a new one is made when it is gone`;
  const command = `kubectl delete sbind -n ${namespace} ${logins.slice(0, maxNames).join(' ')}`;
  const more = logins.length > maxNames ? ` (and ${logins.length - maxNames} more)` : '';
  return (
    `${going}, which can not be taken back, and works until its ServiceBindings are gone: copy the data that you need, then ` +
    `\`${command}\`${more} lets it go, and a new, empty one is made`
  );
}

/** Beyond this number nobody reads them. */
const maxNames = 5;

const podAnew = 'a Pod that is there gets nothing more, so delete it and make it anew';

function isPod({ workload }: Ask): boolean {
  return workload.kind === 'Pod';
}

import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';

export interface Refusal {
  readonly operation: 'CREATE' | 'UPDATE';
  /** Of our group, with the subresource if there is one: `clusterservicebrokers/status`. */
  readonly resource: string;
  /** CEL; what it is false for is refused. */
  readonly expression: string;
  readonly message: string;
}

const policies = policyKind('validatingadmissionpolicies', 'ValidatingAdmissionPolicy');
const bindings = policyKind('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding');

function policyKind(plural: string, kind: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural, kind, namespaced: false };
}

/** A rule of the cluster's operator. It is in force a moment after it is made. */
export async function refuse(client: KubeClient, name: string, refusal: Refusal): Promise<void> {
  const { operation, resource, expression, message } = refusal;
  const rule = {
    apiGroups: ['servicecatalog.k8s.io'],
    apiVersions: ['*'],
    operations: [operation],
    resources: [resource],
  };
  const metadata = { name };
  await client.create(policies, {
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression, message }],
    },
  } as KubeObject);
  await client.create(bindings, {
    metadata,
    spec: { policyName: name, validationActions: ['Deny'] },
  } as KubeObject);
}

export async function refuseNoMore(client: KubeClient, name: string): Promise<void> {
  await client.delete(bindings, { name });
  await client.delete(policies, { name });
}

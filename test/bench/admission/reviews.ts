/** AdmissionReviews of the sizes that the API server sends: a Pod of 8 KB and one of 39 KB. */

export interface ReviewSize {
  readonly name: string;
  readonly sizeBytes: number;
  readonly containers: number;
  readonly variables: number;
}

export const small: ReviewSize = { name: 'small Pod', sizeBytes: 8_000, containers: 1, variables: 10 };
export const large: ReviewSize = { name: 'large Pod', sizeBytes: 39_000, containers: 6, variables: 24 };

/** Stands where each request puts a uid of its own; equally long. */
export const uidPlaceholder = '00000000-0000-0000-0000-000000000000';

/** The name of the binding that the Pod asks for. */
export const bindingName = 'orders-db';

export const namespace = 'shop';

/**
 * A CREATE review of a Pod as the ReplicaSet controller makes it, with one `binding/` annotation.
 * Half of a real Pod's bytes are managedFields; here they also bring it to its exact size.
 */
export function podReview(size: ReviewSize): string {
  const bare = JSON.stringify(review(size, []));
  const entries: object[] = [];
  for (let missing = size.sizeBytes - bare.length; missing > 400;) {
    const entry = managedFieldsEntry(entries.length, Math.min(missing - 20, 4_000));
    entries.push(entry);
    missing -= JSON.stringify(entry).length + 1;
  }
  return JSON.stringify(review(size, entries));
}

function review(size: ReviewSize, managedFields: readonly object[]): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: uidPlaceholder,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '8b1f1c0e-4a2f-4b0c-9e58-7f9d5a1c2e11',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object: pod(size, managedFields),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function pod(size: ReviewSize, managedFields: readonly object[]): object {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: 'orders-6d4b75cb6d-',
      namespace,
      creationTimestamp: null,
      labels: { app: 'orders', 'pod-template-hash': '6d4b75cb6d' },
      annotations: {
        'bind.servicecatalog.k8s.io/db': `binding/${bindingName}`,
        'env.bind.servicecatalog.k8s.io/db': 'DATABASE_URL=uri,PGPASSWORD=password',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'orders-6d4b75cb6d',
          uid: '5c3d2f5e-6a3d-4d57-8f0d-1d7f7a9c0b2a',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields,
    },
    spec: {
      volumes: [{ name: 'kube-api-access-x2x7k', projected: { sources: tokenSources, defaultMode: 420 } }],
      containers: Array.from({ length: size.containers }, (_, index) => container(index, size.variables)),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((state) => ({
        key: `node.kubernetes.io/${state}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {},
  };
}

const tokenSources = [
  { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
];

function container(index: number, variables: number): object {
  return {
    name: `container-${index}`,
    image: 'registry.example.com/shop/orders:1.42.0',
    ports: [{ containerPort: 8080 + index, protocol: 'TCP' }],
    env: Array.from({ length: variables }, (_, at) => ({
      name: `SETTING_${at}`,
      value: `value of setting ${at}`,
    })),
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [
      {
        name: 'kube-api-access-x2x7k',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
}

function managedFieldsEntry(index: number, sizeBytes: number): object {
  const entry = (fields: object): object => ({
    manager: `manager-${index}`,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': fields },
  });
  const fields: Record<string, object> = {};
  for (let at = 0; JSON.stringify(entry(fields)).length + 44 < sizeBytes; at++) {
    fields[`k:{"name":"SETTING_${at}"}`] = { '.': {}, 'f:name': {} };
  }
  return entry(fields);
}

import { className, planName } from './instant-broker.ts';

/** The manifests of the bench, as a person would write them. */
export const apiVersion = 'servicecatalog.k8s.io/v1beta1';

export function instance(name: string, ofClass: string = className): object {
  return {
    apiVersion,
    kind: 'ServiceInstance',
    metadata: { name },
    spec: {
      clusterServiceClassExternalName: ofClass,
      clusterServicePlanExternalName: planName,
      parameters: { region: 'eu-1', replicas: 2 },
    },
  };
}

export function binding(name: string, instanceName: string): object {
  return {
    apiVersion,
    kind: 'ServiceBinding',
    metadata: { name },
    spec: { instanceRef: { name: instanceName }, secretName: name },
  };
}

/** One Pod, which nothing schedules. */
export function deployment(name: string, annotations: Readonly<Record<string, string>>): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
      },
    },
  };
}

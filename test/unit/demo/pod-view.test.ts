import { load } from 'js-yaml';
import { injectedParts } from '../../../demo/pod-view.ts';

it('shows volumes, mounts, environment and our annotations, and nothing else', () => {
  const yaml = injectedParts({
    metadata: {
      name: 'p',
      namespace: 'n',
      annotations: {
        'bind.servicecatalog.k8s.io/db': '',
        'status.servicecatalog.k8s.io/injected': '{"v":1}',
        'example.com/other': 'x',
      },
    },
    spec: {
      containers: [
        { name: 'c', env: [{ name: 'A', value: 'b' }], volumeMounts: [{ name: 'v', mountPath: '/m' }] },
      ],
      volumes: [{ name: 'v' }],
    },
  });
  expect(load(yaml)).toEqual({
    metadata: {
      name: 'p',
      annotations: {
        'bind.servicecatalog.k8s.io/db': '',
        'status.servicecatalog.k8s.io/injected': { v: 1 },
      },
    },
    spec: {
      containers: [
        { name: 'c', env: [{ name: 'A', value: 'b' }], volumeMounts: [{ name: 'v', mountPath: '/m' }] },
      ],
      volumes: [{ name: 'v' }],
    },
  });
});

it('copes with a Pod into which nothing was injected', () => {
  const yaml = injectedParts({
    metadata: { name: 'p', namespace: 'n' },
    spec: { containers: [{ name: 'c' }] },
  });
  expect(load(yaml)).toEqual({
    metadata: { name: 'p', annotations: {} },
    spec: { containers: [{ name: 'c' }] },
  });
});

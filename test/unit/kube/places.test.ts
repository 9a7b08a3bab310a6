import { placesOf } from '../../../src/kube/places.ts';
import { configMaps, mutatingWebhookConfigurations, namespaces } from '../../../src/kube/resources.ts';

const limit = ['a', 'b'];

it.each([
  ['a kind, without a limit', undefined, configMaps, {}, [[undefined, {}]]],
  ['one namespace', limit, configMaps, { namespace: 'c' }, [[undefined, { namespace: 'c' }]]],
  [
    'a kind',
    limit,
    configMaps,
    { labelSelector: 'x' },
    [
      ['a', { labelSelector: 'x', namespace: 'a' }],
      ['b', { labelSelector: 'x', namespace: 'b' }],
    ],
  ],
  [
    'the Namespaces',
    limit,
    namespaces,
    { metadataOnly: true },
    [
      ['a', { metadataOnly: true, fieldSelector: 'metadata.name=a' }],
      ['b', { metadataOnly: true, fieldSelector: 'metadata.name=b' }],
    ],
  ],
  ['what has no namespace', limit, mutatingWebhookConfigurations, {}, []],
  [
    'what has none, by name',
    limit,
    mutatingWebhookConfigurations,
    { fieldSelector: 'metadata.name=x' },
    [[undefined, { fieldSelector: 'metadata.name=x' }]],
  ],
] as const)('%s', (_title, namespaced, resource, selection, expected) => {
  const places = placesOf(namespaced, resource, selection);
  expect(places.map(({ namespace, selection: each }) => [namespace, each])).toEqual(expected);
});

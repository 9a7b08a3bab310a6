import { parseAnnotations } from '../../../src/injection/annotations.ts';
import type { RawPod } from '../../../src/injection/pod.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import type { PodObject } from '../../support/kubelet-lite/pod-types.ts';
import { containerOf, readerOf, secret, textsAt } from '../support/kubelet-lite/objects.ts';
import { inject, key, pod } from './pods.ts';

const full = { type: 'mysql', hostname: 'h', name: 'n', database: 'theirs' };
const cluster = readerOf({ secrets: { creds: secret(full), bare: secret({ hostname: 'h' }) } });

async function filesOf(injected: RawPod): Promise<Readonly<Record<string, string>>> {
  const metadata = { ...injected.metadata, name: 'web', namespace: 'shop' };
  const resolved = await resolvePod(cluster, { ...injected, metadata } as PodObject);
  return textsAt(containerOf(resolved), '/bindings/db');
}

function asks(source: string, shape: string): Record<string, string> {
  return { [key('bind', 'db')]: source, [key('shape.bind', 'db')]: shape };
}

describe('keys under other names', () => {
  it.each([
    ['of any Secret', 'secret/creds', 'host=hostname', { ...full, host: 'h' }],
    ['of a binding', 'binding/creds', 'host=hostname', { ...full, host: 'h' }],
    ['never hide what the Secret says', 'secret/creds', 'database=name', full],
    ['are left out where there is nothing', 'secret/creds', 'host=server', full],
    [
      'stand beside the type of the binding',
      'secret/bare',
      'host=hostname',
      { type: 'db', hostname: 'h', host: 'h' },
    ],
  ])('%s', async (_title, source, shape, files) => {
    const { pod: result } = inject(pod(asks(source, shape)));
    expect(await filesOf(result)).toEqual(files);
    expect(inject(result).operations).toEqual([]);
  });

  it('of a login of its own are in its Secret, and the Pod is as without', () => {
    const plain = inject(pod({ [key('bind', 'db')]: 'request/pg/small' })).pod;
    const shaped = inject(pod(asks('request/pg/small', 'flatten,host=hostname'))).pod;
    expect(shaped.spec?.volumes).toEqual(plain.spec?.volumes);
  });
});

it.each([
  ['secret/creds', 'flatten', 'warning'],
  ['binding/creds', 'json=all', 'warning'],
  ['request/pg/small', 'flaten', 'mistake'],
  ['secret/creds', 'type=kind', 'mistake'],
])('%s with the shape %j gives a %s', (source, shape, severity) => {
  const { requests, problems } = parseAnnotations(asks(source, shape));
  expect(problems).toEqual([expect.objectContaining({ severity, key: key('shape.bind', 'db') })]);
  expect(requests).toHaveLength(1);
});

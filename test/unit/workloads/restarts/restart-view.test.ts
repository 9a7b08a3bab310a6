import { parseAnnotations } from '../../../../src/injection/annotations.ts';
import { restartView } from '../../../../src/workloads/restarts/restart-view.ts';

const hash = 'hash.servicecatalog.k8s.io/';
const window = 'servicecatalog.k8s.io/restart-window';
const annotations = {
  'bind.servicecatalog.k8s.io/db': 'binding/orders',
  'restart.bind.servicecatalog.k8s.io/db': 'on-change',
};

function viewOf(own: Readonly<Record<string, string>>, template: Readonly<Record<string, string>> = {}) {
  const { requests } = parseAnnotations(annotations);
  const owner = { namespace: 'shop', workload: { kind: 'Deployment', name: 'web' } };
  return restartView('Deployment', requests, owner, { annotations: own }, { annotations: template }, {});
}

describe('what is kept of a workload that restarts when credentials change', () => {
  it('are the digests of its bindings, and those on itself count more', () => {
    expect(viewOf({ [`${hash}db`]: 'a.1' }, { [`${hash}db`]: 'a.0' })?.seen).toEqual({ db: 'a.1' });
    expect(viewOf({}, { [`${hash}db`]: 'a.0' })?.seen).toEqual({ db: 'a.0' });
  });

  it('are none of other bindings, and nothing that is too long for a digest', () => {
    expect(viewOf({ [`${hash}other`]: 'a.1', [`${hash}db`]: 'a.'.padEnd(200_000, '1') })?.seen).toEqual({});
  });

  it('is its window, and of one that is too long only that there is one', () => {
    expect(viewOf({ [window]: '22:00-04:00' })?.window).toBe('22:00-04:00');
    expect(viewOf({ [window]: '2'.repeat(200_000) })?.window).toBe('');
  });
});

import { constantFrom, property, assert, string, oneof } from 'fast-check';
import {
  bindRequest,
  deprovisionRequest,
  getBindingRequest,
  getInstanceRequest,
  idProblem,
  pollBindingRequest,
  pollInstanceRequest,
  provisionRequest,
  unbindRequest,
  updateRequest,
} from '../../../src/osb/request.ts';

const instance = { instanceId: 'i', serviceId: 's', planId: 'p' };
const binding = { ...instance, bindingId: 'b' };
const context = { platform: 'kubernetes' };

describe('the request to', () => {
  it('provision asks for asynchronous answers and has what is required', () => {
    const request = provisionRequest({ ...instance, context, organizationGuid: 'o', spaceGuid: 'n' });
    expect(request).toMatchObject({ method: 'PUT', path: '/v2/service_instances/i?accepts_incomplete=true' });
    expect(request.body).toEqual({
      service_id: 's',
      plan_id: 'p',
      context,
      organization_guid: 'o',
      space_guid: 'n',
    });
  });

  it('provision carries parameters and the maintenance version when given', () => {
    const more = { parameters: { a: 1 }, maintenanceInfoVersion: '1.0.0' };
    const request = provisionRequest({
      ...instance,
      ...more,
      context,
      organizationGuid: 'o',
      spaceGuid: 'n',
    });
    expect(request.body).toMatchObject({ parameters: { a: 1 }, maintenance_info: { version: '1.0.0' } });
  });

  it('update holds only what changes', () => {
    const request = updateRequest({ instanceId: 'i', serviceId: 's', parameters: { a: 1 } });
    expect(request).toMatchObject({
      method: 'PATCH',
      path: '/v2/service_instances/i?accepts_incomplete=true',
    });
    expect(request.body).toEqual({ service_id: 's', parameters: { a: 1 } });
  });

  it('update names plan and maintenance version of before, and nothing else', () => {
    const request = updateRequest({
      instanceId: 'i',
      serviceId: 's',
      planId: 'new',
      maintenanceInfoVersion: '2.0.0',
      context,
      previousValues: { planId: 'old', maintenanceInfoVersion: '1.0.0' },
    });
    expect(request.body).toEqual({
      service_id: 's',
      plan_id: 'new',
      context,
      maintenance_info: { version: '2.0.0' },
      previous_values: { plan_id: 'old', maintenance_info: { version: '1.0.0' } },
    });
  });

  it('deprovision has ids in the query and no body', () => {
    expect(deprovisionRequest(instance)).toEqual({
      operation: 'deprovision',
      method: 'DELETE',
      ids: ['i'],
      path: '/v2/service_instances/i?service_id=s&plan_id=p&accepts_incomplete=true',
      identity: undefined,
    });
  });

  it('fetch sends service and plan as hints', () => {
    expect(getInstanceRequest(instance).path).toBe('/v2/service_instances/i?service_id=s&plan_id=p');
    expect(getBindingRequest(binding).path).toBe(
      '/v2/service_instances/i/service_bindings/b?service_id=s&plan_id=p',
    );
  });

  it('poll echoes the operation, if there is one', () => {
    expect(pollInstanceRequest({ ...instance, operation: 'a b&c' }).path).toBe(
      '/v2/service_instances/i/last_operation?service_id=s&plan_id=p&operation=a%20b%26c',
    );
    expect(pollBindingRequest({ ...binding, operation: '' }).path).toBe(
      '/v2/service_instances/i/service_bindings/b/last_operation?service_id=s&plan_id=p',
    );
  });

  it('bind asks for asynchronous answers only when told to', () => {
    const path = '/v2/service_instances/i/service_bindings/b';
    expect(bindRequest({ ...binding, context, acceptsIncomplete: false }).path).toBe(path);
    expect(bindRequest({ ...binding, context, acceptsIncomplete: true }).path).toBe(
      `${path}?accepts_incomplete=true`,
    );
  });

  it('bind has the application inside of bind_resource', () => {
    const request = bindRequest({
      ...binding,
      context,
      acceptsIncomplete: false,
      appGuid: 'n',
      bindResource: { route: 'r.example' },
      parameters: { a: 1 },
    });
    expect(request.body).toEqual({
      service_id: 's',
      plan_id: 'p',
      context,
      bind_resource: { route: 'r.example', app_guid: 'n' },
      parameters: { a: 1 },
    });
  });

  it('rotate has the predecessor, and leaves out what is inherited', () => {
    const request = bindRequest({
      ...binding,
      context,
      acceptsIncomplete: false,
      appGuid: 'n',
      parameters: { a: 1 },
      predecessorBindingId: 'old',
    });
    expect(request.body).toEqual({ service_id: 's', plan_id: 'p', context, predecessor_binding_id: 'old' });
  });

  it('unbind has ids in the query and asks for asynchronous answers only when told to', () => {
    const path = '/v2/service_instances/i/service_bindings/b?service_id=s&plan_id=p';
    expect(unbindRequest({ ...binding, acceptsIncomplete: false }).path).toBe(path);
    expect(unbindRequest({ ...binding, acceptsIncomplete: true }).path).toBe(
      `${path}&accepts_incomplete=true`,
    );
  });
});

describe('an id', () => {
  it('outside of the unreserved characters is percent-encoded, byte-exact', () => {
    const awkward = oneof(
      string({ unit: 'grapheme' }),
      constantFrom('a/b', '../x', '?', '%2e%2e', "!'()*", 'ü+&#= '),
    );
    assert(
      property(awkward, awkward, (instanceId, operation) => {
        const { path } = pollInstanceRequest({ ...instance, instanceId, operation });
        const [, id, query] = /^\/v2\/service_instances\/([^/?#]*)\/last_operation\?(.*)$/.exec(path) ?? [];
        expect(decodeURIComponent(id ?? '-')).toBe(instanceId);
        expect(id).toMatch(/^[A-Za-z0-9\-._~%]*$/);
        const sent = /operation=([A-Za-z0-9\-._~%]*)$/.exec(query ?? '')?.[1] ?? '';
        expect(decodeURIComponent(sent)).toBe(operation);
      }),
    );
  });

  it.each(['', '.', '..', 'a\ud800'])('%j can not stand in a path', (id) => {
    expect(idProblem(id)).toEqual(expect.any(String));
  });

  it.each(['...', '.a', 'a/..', '%2e', '0'])('%j can', (id) => {
    expect(idProblem(id)).toBeUndefined();
  });
});

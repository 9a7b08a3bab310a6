import { parseWriteCounts, writesBetween } from '../../bench/provision/api-writes.ts';

const series = (labels: string, value: number): string => `apiserver_request_total{${labels}} ${value}`;
const before = parseWriteCounts(
  series('code="200",resource="serviceinstances",subresource="status",verb="PATCH"', 10),
);
const after = parseWriteCounts(
  [
    '# HELP apiserver_request_total Counter of requests',
    series('code="200",resource="serviceinstances",subresource="status",verb="PATCH"', 14),
    series('code="409",resource="serviceinstances",subresource="status",verb="PUT"', 1),
    series('code="200",resource="serviceinstances",subresource="status",verb="APPLY"', 2),
    series('code="200",resource="serviceinstances",subresource="",verb="GET"', 100),
    series('code="201",resource="serviceinstances",subresource="",verb="POST"', 7),
    series('code="200",resource="serviceinstances",subresource="",verb="PATCH"', 3),
    'apiserver_request_duration_seconds_count{verb="PATCH",resource="serviceinstances"} 5',
  ].join('\n'),
);

it('counts all writes of a resource, refused ones too, and no reads', () => {
  expect(writesBetween(before, after, 'serviceinstances/status')).toBe(7);
  expect(writesBetween(before, after, 'serviceinstances')).toBe(10);
});

it('leaves out what the bench itself does', () => {
  expect(writesBetween(before, after, 'serviceinstances', 'POST')).toBe(3);
});

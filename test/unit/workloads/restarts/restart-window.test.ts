import { parseRestartWindow, untilOpenMs } from '../../../../src/workloads/restarts/restart-window.ts';

const at = (time: string): number => Date.parse(`2026-03-04T${time}:00Z`);
const hourMs = 3_600_000;

it.each([
  ['22:00-04:00', '23:30', 0],
  ['22:00-04:00', '03:59', 0],
  ['22:00-04:00', '04:00', 18 * hourMs],
  ['22:00-04:00', '12:00', 10 * hourMs],
  ['09:00-17:00', '09:00', 0],
  ['09:00-17:00', '17:00', 16 * hourMs],
  ['09:00-17:00', '08:00', hourMs],
])('%s at %s opens in %d ms', (text, time, expected) => {
  const window = parseRestartWindow(text);
  if (window === undefined) throw new Error('not a window');
  expect(untilOpenMs(window, at(time))).toBe(expected);
});

it.each(['', 'night', '24:00-01:00', '9:00-10:00', '10:00', '10:00-10:00'])('%j is no window', (text) => {
  expect(parseRestartWindow(text)).toBeUndefined();
});

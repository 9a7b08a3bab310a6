/** A time of the day in which workloads may be rolled out, in minutes since midnight, UTC. */
export interface RestartWindow {
  readonly from: number;
  /** Before `from` for a window over midnight. */
  readonly to: number;
}

const form = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const dayMinutes = 24 * 60;
const minuteMs = 60_000;

/** Reads `22:00-04:00`; undefined when it is not one. */
export function parseRestartWindow(text: string): RestartWindow | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = form.exec(text.trim()) ?? [];
  if (fromHour === undefined) return undefined;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  return from === to ? undefined : { from, to };
}

/** Milliseconds until the window is open; 0 while it is. */
export function untilOpenMs({ from, to }: RestartWindow, nowMs: number): number {
  const minute = (nowMs / minuteMs) % dayMinutes;
  const isOpen = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  return isOpen ? 0 : Math.ceil(((from - minute + dayMinutes) % dayMinutes) * minuteMs);
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Replica } from './fleet.ts';
import { restore } from './restore.ts';
import type { Weather } from './weather.ts';

export interface Storm {
  readonly name: string;
  /** Resolves when it is over; what it has broken may still be recovering. */
  readonly run: (weather: Weather) => Promise<void>;
}

const seconds = (weather: Weather, low: number, high: number): number => weather.random.between(low, high);

async function pass(weather: Weather, lengthSeconds: number): Promise<void> {
  await delay(lengthSeconds * 1000, undefined, { signal: weather.signal });
}

async function leader({ fleet, random }: Weather): Promise<Replica | undefined> {
  const [found] = await fleet.leaders();
  return found ?? random.pick(fleet.of('controller').filter(({ isHeld }) => !isHeld));
}

async function kill(weather: Weather, replica: Replica | undefined): Promise<void> {
  if (replica === undefined) return;
  const length = seconds(weather, 0, 3);
  weather.say(`kill -9 of ${replica.name}, back after ${length} s`);
  await weather.fleet.replace(replica, async () => pass(weather, length));
}

async function pauseApiServer(weather: Weather): Promise<void> {
  const length = seconds(weather, 5, 25);
  weather.say(`the API server stands still for ${length} s`);
  weather.plane.pauseApiServer();
  try {
    await pass(weather, length);
  } finally {
    weather.plane.resumeApiServer();
  }
}

async function killApiServer(weather: Weather): Promise<void> {
  const length = seconds(weather, 1, 5);
  weather.say(`the API server is killed, and back after ${length} s`);
  await weather.plane.stopApiServer();
  await pass(weather, length);
  await weather.plane.startApiServer();
}

async function stopLeader(weather: Weather): Promise<void> {
  const replica = await leader(weather);
  if (replica === undefined) return;
  const length = seconds(weather, 5, 30);
  weather.say(`kill -STOP of the leader ${replica.name} for ${length} s`);
  replica.isHeld = true;
  process.kill(-replica.process.groupId, 'SIGSTOP');
  try {
    await pass(weather, length);
  } finally {
    process.kill(-replica.process.groupId, 'SIGCONT');
    replica.isHeld = false;
  }
}

async function cutWatches(weather: Weather): Promise<void> {
  const replica = weather.random.pick(weather.fleet.replicas);
  weather.say(`all connections of ${replica?.name} to the API server are cut`);
  replica?.relay.cut();
  await pass(weather, 1);
}

async function silence(weather: Weather): Promise<void> {
  const replica = await leader(weather);
  weather.say(`a router forgets the connections of ${replica?.name} to the API server`);
  replica?.relay.silence();
  await pass(weather, seconds(weather, 3, 8));
}

async function cutBroker(weather: Weather): Promise<void> {
  const times = seconds(weather, 3, 6);
  weather.say(`connections to the broker are cut ${times} times`);
  for (let time = 0; time < times; time++) {
    weather.brokerRelay.cut();
    await pass(weather, 0.7);
  }
}

/** In the order in which an operator would fear them least. */
export const storms: readonly Storm[] = [
  { name: 'watches cut', run: cutWatches },
  { name: 'broker cut', run: cutBroker },
  {
    name: 'webhook killed',
    run: async (weather) => kill(weather, weather.random.pick(weather.fleet.of('webhook'))),
  },
  { name: 'leader killed', run: async (weather) => kill(weather, await leader(weather)) },
  { name: 'API server killed', run: killApiServer },
  { name: 'connections silent', run: silence },
  { name: 'restored from a dump', run: restore },
  { name: 'leader stopped', run: stopLeader },
  { name: 'API server paused', run: pauseApiServer },
];

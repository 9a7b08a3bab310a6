import { probeOptions, testBrokerCommand, type TestBrokerOptions } from '../../../src/cli/test-broker.ts';
import { roleOptions } from '../../../src/config.ts';

const url = 'http://127.0.0.1:9';

/** What the command makes of its command line. */
async function optionsOf(args: readonly string[]): Promise<unknown> {
  const command = testBrokerCommand();
  command.parseOptions([...args]);
  const { timeoutMs, allowLoopback } = await probeOptions(url, command.opts<TestBrokerOptions>(), {});
  return { timeoutMs, allowLoopback };
}

it('flags that the roles have as well have the same name and the same form', () => {
  const help = testBrokerCommand().helpInformation();
  for (const flags of ['--allow-loopback-brokers', '--broker-timeout <duration>']) {
    expect(roleOptions.run.map((option) => option.flags)).toContain(flags);
    expect(help).toContain(flags);
  }
  expect(help).not.toMatch(/--timeout|--allow-loopback /);
});

it.each([
  [[], { timeoutMs: 15_000 }],
  [['--broker-timeout', '9s', '--allow-loopback-brokers'], { timeoutMs: 9_000, allowLoopback: true }],
  [['--timeout', '9s', '--allow-loopback'], { timeoutMs: 9_000, allowLoopback: true }],
])('%j is understood', async (args, expected) => {
  expect(await optionsOf(args)).toEqual(expected);
});

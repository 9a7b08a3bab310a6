import { Command } from 'commander';
import { runCommand } from './commands/run.ts';
import { roleOptions, type Option, type RawOptions } from './config.ts';
import { installCommand } from './commands/install-command.ts';
import { egressPolicyCommand } from './cli/egress-policy.ts';
import { convertCommand } from './cli/convert.ts';
import { exportCommand } from './cli/export.ts';
import { describeCommand } from './cli/describe.ts';
import { testBrokerCommand } from './cli/test-broker.ts';
import { uninstallCommand } from './cli/uninstall.ts';
import { versionCommand } from './cli/version.ts';
import { reportFailure } from './cli/report-failure.ts';

const program = new Command('bindery')
  .description(
    'A service catalog for Kubernetes: services of Open Service Broker brokers, bound and injected into Pods',
  )
  .showHelpAfterError('(bindery <command> --help tells more)');

addRole('run', 'controller and webhook in one process, for development and small clusters', roleOptions.run)
  .option('--install', 'apply CRDs, RBAC and webhook configurations first')
  .action(role({ controller: true, webhook: true }));
addRole('controller', 'the reconcilers', roleOptions.controller).action(
  role({ controller: true, webhook: false }),
);
addRole('webhook', 'the admission webhook', roleOptions.webhook).action(
  role({ controller: false, webhook: true }),
);
program.addCommand(installCommand());
program.addCommand(testBrokerCommand());
program.addCommand(egressPolicyCommand());
program.addCommand(describeCommand());
program.addCommand(convertCommand());
program.addCommand(exportCommand());
program.addCommand(uninstallCommand());
program.addCommand(versionCommand());

try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}

function addRole(name: string, description: string, options: readonly Option[]): Command {
  const command = program.command(name).description(description);
  for (const { flags, description: text, default: value } of options) {
    // The defaults live in config.ts, so that the environment comes between them and the command line.
    command.option(flags, value === undefined ? text : `${text} (default: ${value})`);
  }
  return command;
}

function role(roles: { readonly controller: boolean; readonly webhook: boolean }) {
  return (options: RawOptions): Promise<void> => runCommand(options, roles);
}

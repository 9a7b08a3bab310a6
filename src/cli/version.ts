import { Command } from 'commander';
import { apiVersion } from '../api/group.ts';
import { programVersion } from '../base/version.ts';

/** `bindery version` */
export function versionCommand(): Command {
  return new Command('version')
    .description('what this program is')
    .option('--json', 'one line of JSON')
    .action(({ json }: { readonly json?: boolean }) => {
      const facts = { version: programVersion, api: apiVersion, osb: '2.17', node: process.version };
      if (json) console.log(JSON.stringify(facts));
      else console.log(`bindery ${facts.version} (${facts.api}, OSB ${facts.osb}, Node ${facts.node})`);
    });
}

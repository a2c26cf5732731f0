/** The command line: names, flags, examples. What a command does is loaded when it is asked for. */
import { Command, Option } from 'commander';
import type { CommandName } from '../config/input.ts';
import { addInputs } from './flags.ts';
import {
  type CommonOptions,
  type DeployOptions,
  type EmulatorOptions,
  type PackageOptions,
  type PlanOptions,
  type ProbeOptions,
  type RehearseOptions,
  readPositive,
  readWhole,
} from './options.ts';
import { readVersion } from './version.ts';

/** `finish` is told the exit code of the command that was run. */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('slotwave')
    .description(
      'Deploys one Azure Functions app to many regions in one step: packaged once, staged everywhere, probed, ' +
        'promoted in waves, taken back by itself when it is not well.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', tellExamples(['slotwave plan', 'slotwave rehearse', 'slotwave deploy']));
  addPlan(program, finish);
  addDeploy(program, finish);
  addRehearse(program, finish);
  addLater(program, finish);
  addProbe(program, finish);
  addPackage(program, finish);
  addEmulator(program, finish);
  addSchema(program, finish);
  for (const command of [program, ...program.commands]) {
    // Errors are thrown, and told in one place and one form.
    command.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} });
    command.showSuggestionAfterError(true).allowExcessArguments(false);
  }
  return program;
}

type Finish = (exitCode: number) => void;

function addPlan(program: Command, finish: Finish): void {
  common(program.command('plan'))
    .description('Look at the fleet and say what a deployment would do. Writes nothing to Azure.')
    .option('--detailed-exitcode', 'exit with 2 when there is something to do')
    .addHelpText(
      'after',
      tellExamples(['slotwave plan', 'slotwave plan --out plan.json && slotwave deploy plan.json']),
    )
    .action(async (options: PlanOptions) => {
      const { commandPlan } = await import('./plan-command.ts');
      finish(await commandPlan(options));
    });
}

function addDeploy(program: Command, finish: Finish): void {
  common(program.command('deploy'))
    .description('Stage, probe, promote in waves; take back by itself what is not well.')
    .argument('[plan]', 'a plan saved by "slotwave plan --out"; refused when the fleet has changed since')
    .addHelpText(
      'after',
      tellExamples(['slotwave deploy', 'slotwave deploy plan.json --json > journal.ndjson']),
    )
    .action(async (plan: string | undefined, options: DeployOptions) => {
      const { commandDeploy } = await import('./deploy-command.ts');
      finish(await commandDeploy(plan, options));
    });
}

function addRehearse(program: Command, finish: Finish): void {
  common(program.command('rehearse'), 'let time pass n times as fast; 60 when not given')
    .description('The whole deployment against an Azure that is played on this machine.')
    .option('--world <file>', 'the sites there are; made from the config when not given')
    .option('--faults <file>', 'what goes wrong, and when')
    .addOption(
      new Option('--seed <n>', 'for ids, keys and faults drawn by chance').argParser(readWhole('--seed')),
    )
    .addHelpText(
      'after',
      tellExamples(['slotwave rehearse', 'slotwave rehearse --faults faults.yml --time-scale 60']),
    )
    .action(async (options: RehearseOptions) => {
      const { commandRehearse } = await import('./rehearse-command.ts');
      finish(await commandRehearse(options));
    });
}

function addLater(program: Command, finish: Finish): void {
  common(program.command('resume'))
    .description('Finish a rollout that was interrupted, from what its journal knows.')
    .argument('[id]', 'the rollout; the newest one when not given')
    .addHelpText('after', tellExamples(['slotwave resume', 'slotwave resume 20261120-135812-k3f9']))
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { commandResume } = await import('./resume-command.ts');
      finish(await commandResume(id, options));
    });
  common(program.command('rollback'))
    .description('Bring back what ran before a rollout, wherever it can be done without harm.')
    .argument('[id]', 'the rollout; the newest one when not given')
    .addHelpText('after', tellExamples(['slotwave rollback', 'slotwave rollback 20261120-135812-k3f9']))
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { commandRollback } = await import('./resume-command.ts');
      finish(await commandRollback(id, options));
    });
  common(program.command('status'))
    .description('What every target runs now, by the journal and by a fresh look.')
    .argument('[id]', 'the rollout; the newest one when not given')
    .addHelpText('after', tellExamples(['slotwave status', 'slotwave status --json']))
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { commandStatus } = await import('./status-command.ts');
      finish(await commandStatus(id, options));
    });
}

function addProbe(program: Command, finish: Finish): void {
  common(program.command('probe'))
    .description(
      'Look once at every target from where it is looked at in a rollout, and name the cause where it is not well. ' +
        'Writes nothing. Exits with 0 when all is well, 10 when something is not, 13 when something gives no answer.',
    )
    .addHelpText(
      'after',
      tellExamples(['slotwave probe', 'slotwave probe --target weu --side live', 'slotwave probe --json']),
    )
    .action(async (options: ProbeOptions) => {
      const { commandProbe } = await import('./probe-command.ts');
      finish(await commandProbe(options));
    });
}

function addPackage(program: Command, finish: Finish): void {
  addInputs(program.command('package'), 'package')
    .description('Pack a folder as a deployment would, or check a zip.')
    .argument('<source>', 'the folder with host.json, or a ready .zip')
    .option('--list', 'show what is in it, and what was left out and why')
    .option('--json', 'one JSON document')
    .option('--no-color', 'no colours')
    .addHelpText(
      'after',
      tellExamples(['slotwave package ./app --list', 'slotwave package ./app --out app.zip']),
    )
    .action(async (source: string, options: PackageOptions) => {
      const { commandPackage } = await import('./package-command.ts');
      finish(await commandPackage(source, options));
    });
}

function addEmulator(program: Command, finish: Finish): void {
  program
    .command('emulator')
    .description(
      'Serve an Azure of your own over HTTPS until it is stopped; prints where it is as one line of JSON.',
    )
    .requiredOption('--world <file>', 'the sites there are')
    .option('--faults <file>', 'what goes wrong, and when')
    .addOption(
      new Option('--port <n>', 'where to listen; 0: any free one')
        .default(0)
        .argParser(readWhole('--port', 65535)),
    )
    .option(
      '--listen <address...>',
      'listen there (address or address:port, 443 when not given) and not on localhost',
    )
    .addOption(
      new Option('--seed <n>', 'for ids, keys and faults drawn by chance').argParser(readWhole('--seed')),
    )
    .addOption(
      new Option('--time-scale <n>', 'let time pass n times as fast').argParser(readPositive('--time-scale')),
    )
    .addOption(
      new Option('--anchor <ms>', 'the instant when both clocks agree')
        .argParser(readWhole('--anchor'))
        .hideHelp(),
    )
    .option('--data <folder>', 'where its temporary folder is made; that is removed at the end')
    .option('--verbose', 'show on standard error what the apps write')
    .addHelpText(
      'after',
      tellExamples([
        'slotwave emulator --world world.yml',
        'slotwave emulator --world world.yml --time-scale 60',
      ]),
    )
    .action(async (options: EmulatorOptions) => {
      const { commandEmulator } = await import('./emulator-command.ts');
      finish(await commandEmulator(options));
    });
}

function addSchema(program: Command, finish: Finish): void {
  program
    .command('schema')
    .description('Print the JSON schema of slotwave.yml, for editors.')
    .addHelpText('after', tellExamples(['slotwave schema > schema.json']))
    .action(async () => {
      const { commandSchema } = await import('./schema-command.ts');
      finish(commandSchema());
    });
}

function common(command: Command, timeScaleHelp = 'time of the emulator'): Command {
  const isRehearsal = command.name() === 'rehearse';
  return addInputs(command, isRehearsal ? 'deploy' : (command.name() as CommandName))
    .option('--json', 'the journal, one JSON document a line')
    .option('--no-color', 'no colours; NO_COLOR in the environment does the same')
    .option('--verbose', 'show where in the program an unexpected error happened')
    .addOption(
      new Option('--time-scale <n>', timeScaleHelp)
        .argParser(readPositive('--time-scale'))
        .hideHelp(!isRehearsal),
    )
    .addOption(
      new Option('--anchor <ms>', 'instant when both clocks agree')
        .argParser(readWhole('--anchor'))
        .hideHelp(),
    );
}

function tellExamples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

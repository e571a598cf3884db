import type { Command } from 'commander';
import type { LabCommandOptions } from './lab.ts';
import type { LabFitOptions } from './lab-fit.ts';
import { collect, list, wholeNumber } from './option-values.ts';

export function addLabCommand(program: Command, end: (exitCode: number) => void): void {
  const lab = program
    .command('lab')
    .description(
      'Simulate crawls of hostile worlds and compare ways of choosing sessions, with 95 % intervals.',
    )
    .option(
      '--world <W>',
      'a world by name, or a .json or .ts file; may be repeated (default: all ten)',
      collect((text) => text),
    )
    .option(
      '--policy <P,…>',
      'policies by name, or a .js or .ts file; may be repeated',
      collect(list),
    )
    .option('--seeds <N>', 'run each with this many seeds', wholeNumber(1), 5)
    .option('--first-seed <N>', 'the first of them', wholeNumber(0), 1)
    .option('--held-out', 'the worlds nobody tunes on, instead of those for tuning')
    .option('--list', 'print the worlds and policies there are')
    .option('--html <FILE>', 'write a page with plots')
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Nothing leaves this machine: time, chance and network are simulated, the session pool is the real one.
The same worlds, policies and seeds give the same numbers on every machine.

Examples:
  $ troupe lab
  $ troupe lab --world mixed --policy random,adaptive,oracle-goodput --seeds 20
  $ troupe lab --world my-target.json --html report.html`,
    )
    .action(async (options: LabCommandOptions) => {
      const { runLabCommand } = await import('./lab.ts');
      end(await runLabCommand(options));
    });
  addFitCommand(lab, end);
}

function addFitCommand(lab: Command, end: (exitCode: number) => void): void {
  lab
    .command('fit')
    .description(
      "Estimate a world from a crawl's outcome log, with 95 % intervals, and write it to a file for --world.",
    )
    .argument('<LOG>', 'what `troupe crawl --outcome-log LOG` wrote')
    .option('-o, --output <FILE>', 'where the world goes (default: LOG with .world.json)')
    .option('--origin <ORIGIN>', 'of this site (default: the one with the most attempts)')
    .addHelpText(
      'after',
      `
With --json the estimates are printed as one JSON object.

Example:
  $ troupe crawl https://example.com --proxies proxies.txt --outcome-log target.jsonl -o pages.jsonl
  $ troupe lab fit target.jsonl
  $ troupe lab --world target.world.json`,
    )
    .action(async (log: string, _: unknown, command: Command) => {
      const { labFit } = await import('./lab-fit.ts');
      // `--json` is known to `lab` too, which takes it before this command can.
      end(await labFit(log, command.optsWithGlobals<LabFitOptions>()));
    });
}

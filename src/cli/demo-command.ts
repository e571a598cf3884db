import type { Command } from 'commander';
import type { DemoOptions } from './demo.ts';
import { wholeNumber } from './option-values.ts';

export function addDemoCommand(program: Command, end: (exitCode: number) => void): void {
  program
    .command('demo')
    .description(
      'Crawl a local site of 500 pages through 40 local proxies that die, hang, ban and throttle, and show what happened.',
    )
    .option('--seed <N>', 'another number gives the proxies other fates', wholeNumber(0), 1)
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Nothing leaves this machine. Ends with 0 only when every page was crawled exactly once.

Examples:
  $ troupe demo
  $ troupe demo --seed 7 --json`,
    )
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts');
      end(await demo(options));
    });
}

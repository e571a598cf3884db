import type { Command } from 'commander';

/** How {@link addDemoCommand the demo} starts its world; hidden from the help, of no use by hand. */
export const WORLD_COMMAND = 'local-world';

export function addWorldCommand(program: Command): void {
  program.command(WORLD_COMMAND, { hidden: true }).action(async () => {
    const { serveWorld } = await import('../lab/local/world-process.ts');
    await serveWorld();
  });
}

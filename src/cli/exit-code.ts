/** How a command ends, for the shell. */
export const EXIT = {
  done: 0,
  /** Some requests failed for good, or the command itself did. */
  failed: 1,
  wrongUsage: 2,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

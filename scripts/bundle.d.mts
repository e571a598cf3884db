/** Bundled files in a folder of their own. */
export interface Bundle {
  /** Path of the script made from `file`, named as it was given to {@link bundle}. */
  outputOf(file: string): string;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

export function bundle(files: readonly string[]): Promise<Bundle>;

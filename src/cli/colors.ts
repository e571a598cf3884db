import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for one stream, since standard output may be a file while standard error is a terminal. */
export function colorsFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Colors {
  return pc.createColors(isColored(stream, env));
}

function isColored(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

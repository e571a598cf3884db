/** The text of a Lua script; the build puts it in. */
declare module '*.lua' {
  export const text: string;
}

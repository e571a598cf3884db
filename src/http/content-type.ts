/** A `content-type` header taken apart. */
export interface ContentType {
  /** Lower case, without parameters, such as `text/html`; empty when there is none. */
  readonly type: string;
  /** Lower case, as the header has it; `undefined` when it has none. */
  readonly charset: string | undefined;
}

const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]*))/i;

/** Reads a `content-type` header (RFC 9110, 8.3); of several the first counts. Never throws. */
export function parseContentType(header: string | readonly string[] | undefined): ContentType {
  const text = (typeof header === 'string' ? header : header?.[0]) ?? '';
  const semicolon = text.indexOf(';');
  if (semicolon === -1) return { type: typeOf(text), charset: undefined };
  const match = CHARSET.exec(text);
  const charset = (match?.[1] ?? match?.[2] ?? match?.[3] ?? '').trim().toLowerCase();
  return { type: typeOf(text.slice(0, semicolon)), charset: charset || undefined };
}

function typeOf(text: string): string {
  const comma = text.indexOf(',');
  return (comma === -1 ? text : text.slice(0, comma)).trim().toLowerCase();
}

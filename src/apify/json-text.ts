/**
 * A text that also shows the fields of the JSON object it holds. The documented examples read `response.body.blocked`
 * where the body was not parsed; programs that call `JSON.parse(response.body)` need the text. It is a `String`
 * object, so that both have their way.
 */
export function jsonText(text: string): string {
  const shown = new String(text);
  for (const [name, value] of Object.entries(objectIn(text))) {
    // What texts have of their own, such as `length`, stays what it is.
    if (name in shown) continue;
    Object.defineProperty(shown, name, { value, enumerable: false });
  }
  return shown as string;
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

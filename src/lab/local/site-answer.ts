import type { ServerResponse } from 'node:http';

/** What a site of the lab shows to whom it does not want, with status 200. */
export const DENIED_PAGE =
  '<!doctype html><title>Access denied</title><h1>Access denied</h1><p>Your address has been noticed.</p>';

/** Answers with a whole page. */
export function sendHtml(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
  });
  response.end(html);
}

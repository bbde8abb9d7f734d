// A fetch over node:http that can send any Host, which the built-in one does not allow.

import { request } from 'node:http';

/** A fetch that connects to where the URL says, with these headers on top of the request's own. */
export function fetchWith(extra) {
  return (input, init = {}) => {
    const url = new URL(input);
    const headers = { ...Object.fromEntries(new Headers(init.headers)), ...extra };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: init.method ?? 'GET', headers, agent: false }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const pairs = Object.entries(answer.headersDistinct);
          const received = pairs.flatMap(([name, values]) => values.map((value) => [name, value]));
          resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: received }));
        });
      });
      sent.on('error', reject);
      sent.end(init.body);
    });
  };
}

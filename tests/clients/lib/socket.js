// graphql-ws's client, with headers in its upgrade as programs can set them and browsers cannot.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { headersOf, socketUrl } from './context.js';

// Node 20 has no WebSocket of its own, and Apollo's link looks for the global name.
globalThis.WebSocket ??= WebSocket;

/** A WebSocket that sends these headers when it opens. */
export function webSocketWith(headers) {
  return class extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { headers });
    }
  };
}

/** A client of one tenant, by headers. */
export function socketOf(tenant, token, options = {}) {
  const webSocketImpl = webSocketWith(headersOf(tenant, token));
  return createClient({ url: socketUrl, webSocketImpl, retryAttempts: 0, ...options });
}

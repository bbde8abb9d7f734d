/** Where subscriptions are: the endpoint of the page's own host, and so of its tenant. */
export function socketUrl(): string {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/graphql`;
}

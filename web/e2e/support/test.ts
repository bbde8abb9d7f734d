import AxeBuilder from "@axe-core/playwright";
import { type Browser, type BrowserContextOptions, type Page, test as base } from "@playwright/test";
import { PASSWORD, Server } from "./server";

export { expect } from "@playwright/test";
export { PASSWORD, Server, SUPERUSER } from "./server";

type PerTest = {
  /** A browser window of its own: nothing is shared with others but the server. */
  readonly open: (options?: BrowserContextOptions) => Promise<Page>;
  /** A name that no other test uses. */
  readonly fresh: (name: string) => string;
};

type PerWorker = { readonly server: Server };

let count = 0;

export const test = base.extend<PerTest, PerWorker>({
  server: [
    async ({}, use) => {
      const server = await Server.make(binary("POLLS_BINARY"));
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  open: async ({ browser, server }, use) => {
    const watched = new Watch(browser, server.port);
    await use((options) => watched.open(options));
    await watched.close();
  },
  page: async ({ open }, use) => use(await open()),
  fresh: async ({}, use, { workerIndex }) => {
    await use((name) => {
      count += 1;
      return `${name}${workerIndex}x${count}`;
    });
  },
});

export function binary(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: run scripts/e2e`);
  return path;
}

/**
 * Opens windows, and notes what no page may do: ask another host, break its own policy, or fail
 * with an error that nobody handles.
 */
class Watch {
  private readonly contexts: { close(): Promise<void> }[] = [];
  private readonly wrongs: string[] = [];

  constructor(
    private readonly browser: Browser,
    private readonly port: number,
  ) {}

  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    this.contexts.push(context);
    context.on("request", (request) => this.address(request.url()));
    context.on("weberror", (error) => this.wrongs.push(`error: ${error.error().stack}`));
    context.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.wrongs.push(message.text());
    });
    const page = await context.newPage();
    page.on("websocket", (socket) => this.address(socket.url()));
    return page;
  }

  private address(text: string) {
    const url = new URL(text);
    if (url.protocol === "data:" || url.protocol === "blob:") return;
    const own = url.port === String(this.port) && /(^|\.)(localhost|127\.0\.0\.1)$/.test(url.hostname);
    if (!own) this.wrongs.push(`request to ${text}`);
  }

  async close() {
    for (const context of this.contexts) await context.close();
    base.expect(this.wrongs).toEqual([]);
  }
}

export async function signIn(page: Page, server: Server, tenant: string, username: string, password = PASSWORD) {
  await page.goto(server.at(tenant, "/sign-in"));
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** A picture, for people to look at. */
export async function picture(page: Page, name: string) {
  await page.screenshot({ path: `../target/e2e/${name}.png`, animations: "disabled" });
}

/** What the accessibility rules say is seriously wrong. */
export async function barriers(page: Page) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
}

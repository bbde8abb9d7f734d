import { binary, expect, PASSWORD, picture, Server, signIn, test } from "./support/test";

test("two tenants in two tabs do not mix", async ({ page, server, fresh }) => {
  const name = fresh("heimdall");
  const token = await server.register("thor", name);
  const mine = fresh("Only Thor's ");
  await server.poll("thor", token, mine);
  const theirs = fresh("Only Potter's ");
  const luna = fresh("luna");
  await server.poll("potter", await server.register("potter", luna), theirs);

  // Two tabs of one window: the same browser, the same profile.
  await signIn(page, server, "thor", name);
  const tab = await page.context().newPage();
  await tab.goto(server.at("potter"));
  await expect(tab.getByRole("link", { name: "Potter", exact: true })).toBeVisible();
  await expect(tab.getByRole("link", { name: "Sign in" })).toBeVisible();
  await expect(tab.getByRole("link", { name: theirs })).toBeVisible();
  await expect(tab.getByRole("link", { name: mine })).toHaveCount(0);
  expect(await tab.evaluate(() => [sessionStorage.length, localStorage.length])).toEqual([0, 0]);

  // The account of one is nobody at the other.
  await tab.goto(server.at("potter", "/sign-in"));
  await tab.getByLabel("Username").fill(name);
  await tab.getByLabel("Password").fill(PASSWORD);
  await tab.getByRole("button", { name: "Sign in" }).click();
  await expect(tab.locator("form [role=alert]")).not.toBeEmpty();
  await signIn(tab, server, "potter", luna);
  await expect(tab.getByRole("link", { name: `Account of ${luna}` })).toBeVisible();

  // Signing out of one leaves the other.
  await tab.getByRole("button", { name: "Sign out" }).click();
  await expect(tab.getByRole("link", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("link", { name: `Account of ${name}` })).toBeVisible();
  await expect(page.getByRole("link", { name: mine })).toBeVisible();
  await expect(page.getByRole("link", { name: theirs })).toHaveCount(0);
});

test("signing out ends the token", async ({ page, server, fresh }) => {
  const name = fresh("hod");
  await server.register("thor", name);
  await signIn(page, server, "thor", name);
  const token = await page.evaluate(() => sessionStorage.getItem("polls.token"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await expect(
    server.ask("thor", "{ viewer { username } }", {}, token ?? ""),
  ).rejects.toThrow("UNAUTHENTICATED");
});

test("a tenant that lets nobody in without an account shows the way in", async ({
  page,
  server,
}) => {
  await page.goto(server.at("club"));
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("Accounts are made by the superusers of The Club.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Register" })).toHaveCount(0);
  await page.goto(server.at("club", "/register"));
  await expect(page.getByRole("heading", { name: "Registration is closed" })).toBeVisible();
});

test("a read-only tenant says so", async ({ page, server }) => {
  await page.goto(server.at("frozen"));
  await expect(page.getByText("Frozen is read-only at the moment")).toBeVisible();
  await expect(page.getByRole("link", { name: "Register" })).toHaveCount(0);
});

test("a suspended tenant says why", async ({ page, server }) => {
  await page.goto(server.at("away"));
  await expect(page.getByRole("alert").first()).toContainText("The bill is open.");
});

test("a host without a tenant says how to name one, and names none", async ({ page, server }) => {
  for (const address of [`http://localhost:${server.port}/`, server.at("nobody", "/graphql")]) {
    await page.goto(address);
    await expect(page.getByRole("heading")).toContainText(/tenant/i);
    const text = (await page.textContent("body")) ?? "";
    for (const tenant of [/thor/i, /potter/i, /club/i]) expect(text).not.toMatch(tenant);
  }
  await page.goto(`http://localhost:${server.port}/`);
  await picture(page, "no-tenant");
});

test("a program without pages says how to build them", async ({ browser }) => {
  const server = await Server.make(binary("POLLS_BARE_BINARY"));
  try {
    const context = await browser.newContext({ colorScheme: "dark" });
    const page = await context.newPage();
    const asked: string[] = [];
    const broken: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => broken.push(message.text()));
    for (const path of ["/", "/graphql"]) {
      await page.goto(server.at("thor", path));
      await expect(page.getByText("make web")).toBeVisible();
    }
    await picture(page, "not-built");
    expect(asked).toEqual([server.at("thor", "/"), server.at("thor", "/graphql")]);
    expect(broken).toEqual([]);
    await context.close();
  } finally {
    await server.stop();
  }
});

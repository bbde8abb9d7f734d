import type { Page } from "@playwright/test";
import { binary, expect, PASSWORD, picture, Server, signIn, test } from "./support/test";

/** How long a choice's bar is, in pixels. */
async function bar(page: Page, choice: string): Promise<number> {
  const row = page.locator(".chart li").filter({ hasText: choice });
  return row.locator(".track > span").evaluate((element) => element.getBoundingClientRect().width);
}

test("who registers makes a poll, and sees the bar grow while others vote", async ({
  page,
  open,
  server,
  fresh,
}) => {
  const name = fresh("sif");
  const question = fresh("Mead or ale? ");
  await page.goto(server.at("thor"));
  await page.getByRole("link", { name: "Register" }).click();
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("status").filter({ hasText: `Welcome, ${name}.` })).toBeVisible();

  await page.getByRole("link", { name: "New poll" }).click();
  await page.getByLabel("Question").fill(question);
  await page.getByRole("textbox", { name: "Choice 1" }).fill("Mead");
  await page.getByRole("textbox", { name: "Choice 2" }).fill("Ale");
  await page.getByRole("button", { name: "Add a choice" }).click();
  await expect(page.getByRole("textbox", { name: "Choice 3" })).toBeFocused();
  await page.keyboard.type("Water");
  await page.getByRole("button", { name: "Make the poll" }).click();
  await expect(page.getByRole("heading", { name: question })).toBeVisible();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  expect(await bar(page, "Ale")).toBe(0);

  const address = page.url();
  const other = await open();
  await signIn(other, server, "thor", await registered(server, fresh("loki")));
  await other.goto(address);
  await other.getByRole("radio", { name: "Ale" }).check();
  await other.getByRole("button", { name: "Vote" }).click();
  await expect(other.getByText("Your vote", { exact: true }).first()).toBeVisible();

  // The first window hears of it by itself.
  await expect(page.locator(".standing")).toContainText("1 vote. Ale leads with 1.");
  const whole = await page.locator(".chart .track").first().evaluate((track) => track.clientWidth);
  expect(whole).toBeGreaterThan(200);
  await expect.poll(() => bar(page, "Ale")).toBeGreaterThan(whole * 0.95);

  await page.getByRole("radio", { name: "Mead" }).check();
  await page.getByRole("button", { name: "Vote" }).click();
  await expect.poll(() => bar(page, "Ale")).toBeLessThan(whole * 0.6);
  await expect(other.locator(".standing")).toContainText("2 votes. Mead and Ale are level with 1.");
  await picture(page, "poll-live");

  await other.getByRole("radio", { name: "Mead" }).check();
  await other.getByRole("button", { name: "Change vote" }).click();
  await expect(page.locator(".standing")).toContainText("2 votes. Mead leads with 2.");
  await other.getByRole("button", { name: "Take vote back" }).click();
  await expect(page.locator(".standing")).toContainText("1 vote. Mead leads with 1.");
  await expect(other.getByRole("button", { name: "Vote", exact: true })).toBeDisabled();
});

test("one can vote with the keyboard alone", async ({ page, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const question = fresh("Keys? ");
  await server.poll("thor", owner, question, ["One", "Two", "Three"]);
  const name = await registered(server, fresh("typist"));
  await page.goto(server.at("thor", "/sign-in"));
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  // The view's heading has the focus, so the form is next.
  await page.keyboard.press("Tab");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  const link = page.getByRole("link", { name: question });
  await tabTo(page, question);
  await expect(link).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: question })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: "Two" })).toBeChecked();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Vote" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator(".standing")).toContainText("1 vote. Two leads with 1.");
});

test("a vote cast elsewhere, or too late, repairs the page", async ({ page, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const poll = await server.poll("thor", owner, fresh("Twice? "));
  const name = fresh("twice");
  const token = await server.register("thor", name);
  await signIn(page, server, "thor", name);
  await page.goto(server.at("thor", `/polls/${poll.id}`));
  await page.getByRole("radio", { name: "Yes" }).check();
  // In the meantime, on the phone.
  await server.vote("thor", token, poll.choices[1] ?? "");
  await page.getByRole("button", { name: "Vote" }).click();
  await expect(page.getByRole("radio", { name: "No" })).toBeChecked();
  await expect(page.getByRole("button", { name: "Take vote back" })).toBeVisible();
  await expect(page.locator("form.ballot [role=alert]")).not.toBeEmpty();

  const close = "mutation($i: ClosePollInput!) { closePoll(input: $i) { poll { isOpen } } }";
  await server.ask("thor", close, { i: { id: poll.id } }, owner);
  await expect(page.locator(".facts-line")).toContainText("Closed");
  await expect(page.getByRole("button", { name: "Take vote back" })).toBeHidden();
});

test("live results come again after the server was away", async ({ browser, fresh }) => {
  // A server of its own: others' tests go on.
  const server = await Server.make(binary("POLLS_BINARY"));
  const context = await browser.newContext();
  try {
    const owner = await server.register("thor", fresh("owner"));
    const poll = await server.poll("thor", owner, fresh("Back again? "));
    const page = await context.newPage();
    await page.goto(server.at("thor", `/polls/${poll.id}`));
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await server.restart();
    await server.vote("thor", owner, poll.choices[0] ?? "");
    await expect(page.locator(".standing")).toContainText("1 vote. Yes leads", { timeout: 30_000 });
    await expect(page.getByText("Live", { exact: true })).toBeVisible({ timeout: 30_000 });
  } finally {
    await context.close();
    await server.stop();
  }
});

test("without an account one sees the results and the way in", async ({ page, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const poll = await server.poll("thor", owner, fresh("Guests? "));
  await page.goto(server.at("thor", `/polls/${poll.id}`));
  await expect(page.getByText("Sign in to vote.")).toBeVisible();
  await expect(page.getByRole("radio")).toHaveCount(0);
  await server.vote("thor", owner, poll.choices[0] ?? "");
  await expect(page.locator(".standing")).toContainText("1 vote. Yes leads with 1.");
});

async function registered(server: Server, name: string): Promise<string> {
  await server.register("thor", name);
  return name;
}

/** Presses Tab until the link of that name has the focus. */
async function tabTo(page: Page, name: string) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    if (focused === name) return;
  }
}

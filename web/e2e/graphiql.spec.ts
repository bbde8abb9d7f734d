import type { Page } from "@playwright/test";
import { expect, picture, test } from "./support/test";

const RESULT = ".result-window";

/** Puts a text into one of GraphiQL's editors. */
async function write(page: Page, editor: string, text: string) {
  await page.locator(`${editor} > .CodeMirror`).evaluate((element, value) => {
    (element as unknown as { CodeMirror: { setValue(text: string): void } }).CodeMirror.setValue(value);
  }, text);
}

async function run(page: Page, query: string) {
  await write(page, ".graphiql-query-editor .graphiql-editor", query);
  const button = page.getByRole("button", { name: /Execute|Stop/ });
  // With several operations it opens a menu; the editor looks at a new text a moment later.
  await expect(button).not.toHaveAttribute("aria-haspopup", "menu");
  await button.click();
}

test("GraphiQL shows the schema and runs queries, with nothing from outside", async ({
  page,
  server,
}) => {
  await page.goto(server.at("thor", "/graphql"));
  await expect(page.locator(".tenant")).toContainText("Thor");
  await expect(page.locator(".tenant code")).toHaveText("thor");
  await expect(page.locator(".graphiql-editor-tool")).toContainText('"Authorization": "Bearer "');
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByRole("link", { name: "Subscription", exact: true }).click();
  await expect(page.getByText("A poll, at once and after each change of it")).toBeVisible();
  await run(page, "{ tenant { key name } viewer { username } }");
  await expect(page.locator(RESULT)).toContainText('"key": "thor"');
  await expect(page.locator(RESULT)).toContainText('"viewer": null');
  await page.getByRole("button", { name: /settings/i }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Dark" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await picture(page, "graphiql-dark");
});

test("the headers tab signs requests and subscriptions", async ({ page, server, fresh }) => {
  const name = fresh("graph");
  const signed = await server.register("thor", name);
  const poll = await server.poll("thor", signed, fresh("Subscribed? "));
  await page.goto(server.at("thor", "/graphql"));
  await expect(page.locator(".graphiql-editor-tool")).toContainText("Authorization");
  await write(page, ".graphiql-editor-tool .graphiql-editor:not(.hidden)", JSON.stringify({ Authorization: `Bearer ${signed}` }));
  await run(page, "{ viewer { username } }");
  await expect(page.locator(RESULT)).toContainText(name);

  const socket = page.waitForEvent("websocket");
  await run(
    page,
    `subscription { pollResults(pollId: "${poll.id}") { totalVotes viewerCanUpdate } }`,
  );
  expect((await socket).url()).toBe(`ws://thor.localhost:${server.port}/graphql`);
  await expect(page.locator(RESULT)).toContainText('"totalVotes": 0');
  // Only who signed in as its creator may update it: the socket carries the token.
  await expect(page.locator(RESULT)).toContainText('"viewerCanUpdate": true');
  await server.vote("thor", signed, poll.choices[0] ?? "");
  await expect(page.locator(RESULT)).toContainText('"totalVotes": 1');
  await picture(page, "graphiql");
  await page.getByRole("button", { name: /Stop/ }).click();

  // No token is left behind, neither in tabs nor in the history, and nothing outlives the tab.
  const [tab, stored] = await page.evaluate(() => [
    JSON.stringify({ ...sessionStorage }),
    JSON.stringify({ ...localStorage }),
  ]);
  expect(tab).toContain("pollResults");
  expect(tab).not.toContain(signed);
  expect(stored).toBe("{}");
});

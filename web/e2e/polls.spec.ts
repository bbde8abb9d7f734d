import { expect, picture, signIn, test } from "./support/test";

test("polls are listed, searched and paged", async ({ page, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const mark = fresh("Round");
  for (let number = 1; number <= 12; number += 1) {
    await server.poll("thor", owner, `${mark} number ${number}`);
  }
  await page.goto(server.at("thor"));
  await page.getByLabel("Search").fill(mark.toUpperCase());
  await page.getByRole("button", { name: "Search" }).click();
  const cards = page.locator(".poll-card");
  await expect(page.getByText("12 polls")).toBeVisible();
  await expect(cards).toHaveCount(10);
  await expect(cards.first()).toContainText(`${mark} number 12`);
  await page.getByRole("button", { name: "Next" }).click();
  await expect(cards).toHaveCount(2);
  await expect(cards.last()).toContainText(`${mark} number 1`);
  await expect(page.getByRole("button", { name: "Next" })).toBeDisabled();
  // The page stands in the address: it survives a reload, and Back goes back.
  await page.reload();
  await expect(cards).toHaveCount(2);
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(cards).toHaveCount(10);
  await page.getByLabel("Order").selectOption("Oldest first");
  await expect(cards.first()).toContainText(`${mark} number 1`);
  await page.getByLabel("Show").selectOption("Closed");
  await expect(page.getByText(/No poll has/)).toBeVisible();
  await page.goBack();
  await expect(cards).toHaveCount(10);
});

test("the list hears of new polls", async ({ page, server, fresh }) => {
  const owner = await server.register("potter", fresh("owner"));
  const socket = page.waitForEvent("websocket");
  await page.goto(server.at("potter"));
  await (await socket).waitForEvent("framereceived");
  const question = fresh("News? ");
  // Whether the subscription has begun cannot be seen from outside; a second poll comes anyway.
  await expect(async () => {
    await server.poll("potter", owner, question);
    await expect(page.getByRole("button", { name: /new poll/ })).toBeVisible({ timeout: 2000 });
  }).toPass();
  await page.getByRole("button", { name: /new poll/ }).click();
  await expect(page.getByRole("link", { name: question }).first()).toBeVisible();
});

test("what is wrong with an input is told at its field", async ({ page, server, fresh }) => {
  await page.goto(server.at("thor", "/register"));
  await page.getByLabel("Username").fill("a b");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByLabel("Username")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription(/8/);
  await picture(page, "register-problems");

  const name = fresh("frigg");
  await server.register("thor", name);
  await page.goto(server.at("thor", "/sign-in"));
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("form [role=alert]")).not.toBeEmpty();

  await signIn(page, server, "thor", name);
  await page.getByRole("link", { name: "New poll" }).click();
  await page.getByRole("textbox", { name: "Choice 1" }).fill("Same");
  await page.getByRole("textbox", { name: "Choice 2" }).fill("Same");
  await page.getByRole("button", { name: "Make the poll" }).click();
  await expect(page.getByLabel("Question")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("textbox", { name: "Choice 2" })).toHaveAttribute("aria-invalid", "true");
  await picture(page, "new-poll-problems");
});

test("one edits, extends, closes and deletes one's own poll", async ({ page, server, fresh }) => {
  const name = fresh("owner");
  const token = await server.register("thor", name);
  const question = fresh("Draft? ");
  const poll = await server.poll("thor", token, question, ["Red", "Green", "Blue"]);
  await signIn(page, server, "thor", name);
  await page.getByRole("link", { name: "Mine" }).click();
  await page.getByRole("link", { name: question }).click();
  await page.getByText("Manage this poll").click();

  const better = fresh("Better? ");
  await page.getByLabel("Question").fill(better);
  await page.getByLabel("Voting ends").fill("2040-05-06T07:08");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("heading", { name: better })).toBeVisible();
  await expect(page.locator(".facts-line")).toContainText("closes in");

  await page.getByLabel("Text of Green").fill("Emerald");
  await page.getByRole("button", { name: "Save Green" }).click();
  await expect(page.locator(".chart")).toContainText("Emerald");
  await page.getByRole("button", { name: "Delete Blue" }).click();
  await expect(page.locator(".chart")).not.toContainText("Blue");
  await expect(page.getByRole("button", { name: "Delete Red" })).toBeDisabled();
  await page.getByLabel("Another choice").fill("Red");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByLabel("Another choice")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Another choice").fill("Violet");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.locator(".chart")).toContainText("Violet");
  await picture(page, "manage");

  await server.vote("thor", token, poll.choices[0] ?? "");
  await expect(page.getByLabel("Question")).toBeDisabled();
  await page.getByRole("button", { name: "Close poll" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Close poll" }).click();
  await expect(page.locator(".facts-line")).toContainText("Closed");
  await page.getByRole("button", { name: "Delete poll" }).click();
  await picture(page, "delete-dialog");
  await page.getByRole("dialog").getByRole("button", { name: "Delete poll" }).click();
  await expect(page.getByText("The poll is deleted.")).toBeVisible();
  await page.goto(server.at("thor", `/polls/${poll.id}`));
  await expect(page.getByRole("heading", { name: "No such poll" })).toBeVisible();
});

test("who looks at a poll that is deleted is told", async ({ page, server, fresh }) => {
  const token = await server.register("thor", fresh("owner"));
  const poll = await server.poll("thor", token, fresh("Gone? "));
  await page.goto(server.at("thor", `/polls/${poll.id}`));
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const query = "mutation($i: DeletePollInput!) { deletePoll(input: $i) { deletedPollId } }";
  await server.ask("thor", query, { i: { id: poll.id } }, token);
  await expect(page.getByText("This poll was deleted.")).toBeVisible();
});

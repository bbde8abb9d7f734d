import { expect, PASSWORD, picture, signIn, SUPERUSER, test } from "./support/test";

const ADMIN = [SUPERUSER.username, SUPERUSER.password] as const;

test("a superuser manages people", async ({ page, open, server, fresh }) => {
  await signIn(page, server, "thor", ...ADMIN);
  await page.getByRole("link", { name: "People" }).click();
  const name = fresh("baldr");
  await page.getByRole("button", { name: "New person" }).click();
  await expect(page.getByLabel("Username")).toBeFocused();
  await page.getByLabel("Username").fill(name);
  await page.getByRole("textbox", { name: "Password" }).fill("short");
  await page.getByRole("button", { name: "Make account" }).click();
  await expect(page.getByRole("textbox", { name: "Password" })).toHaveAttribute("aria-invalid", "true");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Make account" }).click();
  await expect(page.getByText(`${name} can sign in now.`)).toBeVisible();

  await page.getByLabel("Search").fill(name);
  await page.getByRole("button", { name: "Search" }).click();
  const row = page.getByRole("row", { name });
  await expect(row).toContainText("Active");
  await row.getByLabel(`Role of ${name}`).selectOption("Superuser");
  await expect(page.getByText(`${name} is a superuser now.`)).toBeVisible();
  await row.getByLabel(`Role of ${name}`).selectOption("User");
  await expect(page.getByText(`${name} is a user now.`)).toBeVisible();

  const other = await open();
  await signIn(other, server, "thor", name);
  await row.getByRole("button", { name: "Deactivate" }).click();
  await expect(row).toContainText("Deactivated");
  // The other window's token has ended with that.
  await other.getByRole("link", { name: "Mine" }).click();
  await expect(other.getByText("Your session has ended. Sign in again.")).toBeVisible();
  await picture(other, "session-ended");
  await row.getByRole("button", { name: "Activate" }).click();
  await expect(row).not.toContainText("Deactivated");

  await row.getByRole("button", { name: "Reset password" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset password" }).click();
  const secret = page.locator(".secret");
  const password = (await secret.textContent()) ?? "";
  await picture(page, "reset-password");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await signIn(other, server, "thor", name, password);
});

test("the last superuser stays one", async ({ page, server }) => {
  await signIn(page, server, "thor", ...ADMIN);
  await page.goto(server.at("thor", `/admin/people?search=${SUPERUSER.username}`));
  await page.getByLabel(`Role of ${SUPERUSER.username}`).selectOption("User");
  await expect(page.getByRole("alert").filter({ hasText: /superuser/i })).toBeVisible();
  await expect(page.getByLabel(`Role of ${SUPERUSER.username}`)).toHaveValue("SUPERUSER");
});

test("a superuser sees and ends all polls", async ({ page, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const question = fresh("Somebody's? ");
  await server.poll("thor", owner, question);
  await signIn(page, server, "thor", ...ADMIN);
  await page.getByRole("link", { name: "All polls" }).click();
  await page.getByLabel("Search").fill(question);
  await page.getByRole("button", { name: "Search" }).click();
  const row = page.getByRole("row", { name: question });
  await row.getByRole("button", { name: "Close" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Close poll" }).click();
  await expect(row).toContainText("Closed");
  await picture(page, "all-polls");
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete poll" }).click();
  await expect(row).toHaveCount(0);
});

test("others are not shown the superusers' views", async ({ page, server, fresh }) => {
  const name = fresh("nosy");
  await server.register("thor", name);
  await signIn(page, server, "thor", name);
  await expect(page.getByRole("link", { name: "People" })).toHaveCount(0);
  await page.goto(server.at("thor", "/admin/people"));
  await expect(page.getByRole("heading", { name: "Polls" })).toBeVisible();
});

test("one changes one's password and signs out everywhere", async ({ page, open, server, fresh }) => {
  const name = fresh("vali");
  await server.register("thor", name);
  const other = await open();
  await signIn(other, server, "thor", name);
  await signIn(page, server, "thor", name);
  await page.getByRole("link", { name: `Account of ${name}` }).click();
  await page.getByLabel("Password until now").fill("wrong");
  await page.getByLabel("New password").fill("battery staple");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Password until now")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Password until now").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed")).toBeVisible();
  await other.reload();
  await expect(other.getByText("Your session has ended. Sign in again.")).toBeVisible();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
});

import { barriers, expect, picture, signIn, SUPERUSER, test } from "./support/test";

const SIZES = {
  wide: { width: 1280, height: 860 },
  narrow: { width: 390, height: 844 },
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`everything can be read and used: ${colorScheme}, ${size}`, async ({ open, server, fresh }) => {
      test.setTimeout(120_000);
      const owner = await server.register("thor", fresh("owner"));
      const poll = await server.poll("thor", owner, fresh("Which way round the lake? "), [
        "Clockwise",
        "The other way, past the old mill and up to the tower where the view is best",
        "Across",
      ]);
      for (const [at, choice] of [0, 0, 0, 1, 1, 2].entries()) {
        const token = await server.register("thor", fresh(`voter${at}`));
        await server.vote("thor", token, poll.choices[choice] ?? "");
      }
      const page = await open({ colorScheme, viewport, reducedMotion: "reduce" });
      const look = async (path: string, name: string) => {
        await page.goto(server.at("thor", path));
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expect(page.locator(".loading").filter({ visible: true })).toHaveCount(0);
        await picture(page, `${name}-${colorScheme}-${size}`);
        expect(await barriers(page), `${name} ${colorScheme} ${size}`).toEqual([]);
        // Nothing sticks out at the side.
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(over, name).toBeLessThanOrEqual(0);
      };
      await look("/sign-in", "sign-in");
      await look("/register", "register");
      await signIn(page, server, "thor", SUPERUSER.username, SUPERUSER.password);
      await look("/", "polls");
      await look(`/polls/${poll.id}`, "poll");
      await page.getByText("Manage this poll").click();
      await page.getByText("Who voted").click();
      await expect(page.locator(".voters li")).toHaveCount(6);
      expect(await barriers(page)).toEqual([]);
      await look("/polls/new", "new-poll");
      await look("/mine", "mine");
      await look("/account", "account");
      await look("/admin/people", "people");
      await look("/admin/polls", "all-polls");
    });
  }
}

test("who wants less motion gets none", async ({ open, server, fresh }) => {
  const owner = await server.register("thor", fresh("owner"));
  const poll = await server.poll("thor", owner, fresh("Still? "));
  const duration = async (reducedMotion: "reduce" | "no-preference") => {
    const page = await open({ reducedMotion });
    await page.goto(server.at("thor", `/polls/${poll.id}`));
    const bar = page.locator(".chart .track > span").first();
    await bar.waitFor({ state: "attached" });
    return bar.evaluate((element) => getComputedStyle(element).transitionDuration);
  };
  expect(await duration("no-preference")).toContain("0.5s");
  expect(await duration("reduce")).toBe("0s");
});

test("pages and what they load are cached as they should be", async ({ server }) => {
  const base = `http://127.0.0.1:${server.port}`;
  const headers = { Accept: "text/html", "X-Tenant": "thor" };
  const page = await fetch(`${base}/`, { headers });
  expect(page.status).toBe(200);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page.headers.get("content-security-policy")).not.toContain("unsafe");
  const etag = page.headers.get("etag") ?? "";
  const again = await fetch(`${base}/`, { headers: { ...headers, "If-None-Match": etag } });
  expect(again.status).toBe(304);
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? "";
  const asset = await fetch(base + script, { headers: { "Accept-Encoding": "br" } });
  expect(asset.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(asset.headers.get("content-encoding")).toBe("br");
  for (const path of ["/assets/nothing.js", "/assets/..%2findex.html", "/assets/%2e%2e/index.html"]) {
    expect((await fetch(base + path)).status, path).toBe(404);
  }
});

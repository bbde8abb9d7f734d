import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TENANTS = `
resolve:
  - header: X-Tenant
  - host: "{tenant}.localhost"
defaults:
  database: "sqlite://{tenant}.db"
tenants:
  thor:
    name: Thor
  potter:
    name: Potter
  club:
    name: The Club
    anonymous: none
    registration: closed
  frozen:
    name: Frozen
    state: read_only
  away:
    name: Away
    state: suspended
    reason: The bill is open.
`;

export const SUPERUSER = { username: "odin", password: "all-seeing-eye" };

/** The real program, on tenants and a port of its own. */
export class Server {
  private constructor(
    private child: ChildProcess,
    private readonly start: (port: number) => ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async make(binary: string): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), "polls-e2e-"));
    const config = join(folder, "tenants.yaml");
    writeFileSync(config, TENANTS);
    const env = {
      ...process.env,
      POLLS_CONFIG: config,
      POLLS_SUPERUSER_USERNAME: SUPERUSER.username,
      POLLS_SUPERUSER_EMAIL: "odin@example.org",
      POLLS_SUPERUSER_PASSWORD: SUPERUSER.password,
    };
    execFileSync(binary, ["migrate", "up"], { env, stdio: "pipe" });
    execFileSync(binary, ["--tenant", "thor", "create-superuser"], { env, stdio: "pipe" });
    const serve = (port: number) => {
      const args = ["serve", "--listen", `127.0.0.1:${port}`, "--log-format", "json"];
      return spawn(binary, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    };
    const child = serve(0);
    return new Server(child, serve, folder, await port(child));
  }

  /** Ends at once, and begins again at the same port. */
  async restart(): Promise<void> {
    await this.kill();
    this.child = this.start(this.port);
    await port(this.child);
  }

  /** A page's address at a tenant's host. */
  at(tenant: string, path = "/"): string {
    return `http://${tenant}.localhost:${this.port}${path}`;
  }

  /** Asks as a client that names the tenant by header. */
  async ask<Data>(
    tenant: string,
    query: string,
    variables: object = {},
    token?: string,
  ): Promise<Data> {
    const response = await fetch(`http://127.0.0.1:${this.port}/graphql`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Tenant": tenant,
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data?: Data; errors?: unknown };
    if (!answer.data || answer.errors) throw new Error(JSON.stringify(answer));
    return answer.data;
  }

  /** A new account's token. */
  async register(tenant: string, username: string): Promise<string> {
    const query = "mutation($i: RegisterInput!) { register(input: $i) { token } }";
    const input = { username, password: PASSWORD };
    const data = await this.ask<{ register: { token: string } }>(tenant, query, { i: input });
    return data.register.token;
  }

  /** A new poll's id, and those of its choices. */
  async poll(tenant: string, token: string, question: string, choices = ["Yes", "No"]) {
    const query =
      "mutation($i: CreatePollInput!) { createPoll(input: $i) { poll { id choices { id } } } }";
    type Made = { createPoll: { poll: { id: string; choices: { id: string }[] } } };
    const data = await this.ask<Made>(tenant, query, { i: { question, choices } }, token);
    const { id, choices: made } = data.createPoll.poll;
    return { id, choices: made.map((choice) => choice.id) };
  }

  async vote(tenant: string, token: string, choiceId: string): Promise<void> {
    const query = "mutation($i: CastVoteInput!) { castVote(input: $i) { vote { id } } }";
    await this.ask(tenant, query, { i: { choiceId } }, token);
  }

  private async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What everybody but the superuser signs in with. */
export const PASSWORD = "correct horse";

/** The port, as the program's log names it. */
function port(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    if (!child.stderr) throw new Error("no log");
    createInterface(child.stderr).on("line", (line) => {
      lines.push(line);
      const found = line.includes("listening") && /127\.0\.0\.1:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
    child.once("exit", () => reject(new Error(lines.join("\n"))));
  });
}

// Enters a value on the page whose link comes on stdin, as a person in a browser would, and passes on what comes.
let seen = "";
let hasEntered = false;

async function enter(link) {
  const { origin, hash } = new URL(link);
  const { status } = await fetch(`${origin}/value`, { method: "POST", body: "entered-on-the-page", headers: { origin, "x-vault-token": hash.slice(1), "content-type": "application/octet-stream" } });
  if (status !== 200) process.exitCode = 1;
}

process.stdin.on("data", (chunk) => {
  seen += chunk;
  process.stdout.write(chunk);
  const [link] = /http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}/.exec(seen) ?? [];
  if (hasEntered || link === undefined) return;
  hasEntered = true;
  void enter(link);
});

// Stands in for an agent at work: five services, as their SDKs ask them, and a dump of its environment.
const { env } = process;
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const requests = [
  ["https://api.openai.com/v1/models", bearer(env.OPENAI_API_KEY)],
  ["https://api.anthropic.com/v1/models", { "x-api-key": env.ANTHROPIC_API_KEY, "anthropic-version": "2023-06-01" }],
  ["https://api.github.com/user", { authorization: `token ${env.GITHUB_TOKEN}` }],
  ["https://api.stripe.com/v1/charges", { authorization: `Basic ${Buffer.from(`${env.STRIPE_SECRET_KEY}:`).toString("base64")}` }],
  ["https://slack.com/api/auth.test", bearer(env.SLACK_BOT_TOKEN)],
];
for (const [url, headers] of requests) {
  const answer = await fetch(url, { headers });
  console.log(answer.status, url, await answer.text());
}
console.log(JSON.stringify(env));

// Credentials that stand in no HTTP request: a placeholder in their place is of no use to the program that holds it. Known by name and looks, as far as that goes.

/** `connection`: a password that is spoken in a protocol of its own. `signing`: something is signed, sealed or checked with it by the program itself. */
export type LocalUse = "connection" | "signing" | "private-key" | "service-account" | "aws-signing";

const CONNECTION_NAME =
  /^(?:PGPASSWORD|MYSQL_PWD|REDISCLI_AUTH)$|(?:^|_)(?:PG|POSTGRES|POSTGRESQL|MYSQL|MARIADB|MONGO|MONGODB|REDIS|VALKEY|DB|DATABASE|SQL|MSSQL|CLICKHOUSE|RABBITMQ|AMQP|KAFKA|MQTT|LDAP|SMTP|MAIL|IMAP|FTP|SSH|EMAIL_HOST)_(?:[A-Z0-9]+_)?(?:PASS|PASSWD|PASSWORD|PWD)$/;
const CONNECTION_URL_NAME = /(?:^|_)(?:DATABASE|DB|POSTGRES|PG|MYSQL|MONGO|MONGODB|REDIS|VALKEY|AMQP|RABBITMQ|CLOUDAMQP|SMTP|MAIL)_(?:[A-Z0-9]+_)?(?:URL|URI|DSN)$/;
const CONNECTION_URL = /^(?!https?:|wss?:)[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;
/** Frameworks call so what they sign sessions and tokens with, and services what their webhooks are checked with. */
const SIGNING_NAME =
  /(?:^|_)(?:JWT|SESSION|SESSIONS|COOKIE|COOKIES|CSRF|NEXTAUTH|AUTH|BETTER_AUTH|SIGNING|WEBHOOK|WEBHOOKS|ENCRYPTION|HASH|HMAC|PASETO)_(?:SECRET|SECRET_KEY|SALT|PEPPER)$|^(?:SECRET_KEY|SECRET_KEY_BASE|APP_KEY|DJANGO_SECRET_KEY|FLASK_SECRET_KEY)$|(?:^|_)(?:JWT|SIGNING|ENCRYPTION|HMAC)_KEY$/;
const SIGNING_VALUE = /^whsec_/;
const AWS_NAME = /(?:^|_)AWS_SECRET(?:_ACCESS)?_KEY$/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY/;
const PRIVATE_KEY_NAME = /(?:^|_)(?:PRIVATE_KEY_PEM|PRIVATE_PEM|SSH_PRIVATE_KEY|SSH_KEY)$/;
const SERVICE_ACCOUNT = /^\s*\{[^]*"type"\s*:\s*"service_account"/;

/** @param value as the program would get it; empty where only the name is known. */
export function findLocalUse(name: string, value: string): LocalUse | undefined {
  const folded = name.toUpperCase();
  if (SERVICE_ACCOUNT.test(value)) return "service-account";
  if (PRIVATE_KEY.test(value) || PRIVATE_KEY_NAME.test(folded)) return "private-key";
  if (AWS_NAME.test(folded)) return "aws-signing";
  if (CONNECTION_URL.test(value) || CONNECTION_NAME.test(folded) || (CONNECTION_URL_NAME.test(folded) && !/^(?:https?|wss?):/i.test(value))) return "connection";
  return SIGNING_VALUE.test(value) || SIGNING_NAME.test(folded) ? "signing" : undefined;
}

// As much of JSON Schema (draft 2020-12) as this package's schemas use, written for the tests: a keyword it does not know is an error.

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const ANNOTATIONS = ["$schema", "$defs", "title", "description"];

/** Whether the value is as the schema says. @throws Error for a keyword that is not supported here. */
export function isValid(schema: unknown, value: unknown, root: unknown = schema): boolean {
  if (!isNode(schema)) throw new Error("a schema is an object");
  const valid = (inner: unknown, part: unknown): boolean => isValid(inner, part, root);
  return Object.entries(schema).every(([keyword, argument]) => {
    if (ANNOTATIONS.includes(keyword)) return true;
    switch (keyword) {
      case "type":
        return typeOf(value) === argument || (argument === "number" && typeOf(value) === "integer");
      case "const":
        return value === argument;
      case "enum":
        return (argument as unknown[]).includes(value);
      case "required":
        return !isNode(value) || (argument as string[]).every((member) => Object.hasOwn(value, member));
      case "properties":
        return !isNode(value) || Object.entries(argument as Node).every(([member, inner]) => !Object.hasOwn(value, member) || valid(inner, value[member]));
      case "additionalProperties":
        return !isNode(value) || Object.keys(value).every((member) => Object.hasOwn((schema["properties"] ?? {}) as Node, member) || (isNode(argument) && valid(argument, value[member])));
      case "propertyNames":
        return !isNode(value) || Object.keys(value).every((member) => valid(argument, member));
      case "maxProperties":
        return !isNode(value) || Object.keys(value).length <= Number(argument);
      case "items":
        return !Array.isArray(value) || value.every((item) => valid(argument, item));
      case "minItems":
        return !Array.isArray(value) || value.length >= Number(argument);
      case "maxItems":
        return !Array.isArray(value) || value.length <= Number(argument);
      case "uniqueItems":
        return !Array.isArray(value) || new Set(value.map((item) => JSON.stringify(item))).size === value.length;
      case "minLength":
        return typeof value !== "string" || value.length >= Number(argument);
      case "maxLength":
        return typeof value !== "string" || value.length <= Number(argument);
      case "pattern":
        return typeof value !== "string" || new RegExp(String(argument), "u").test(value);
      case "minimum":
        return typeof value !== "number" || value >= Number(argument);
      case "maximum":
        return typeof value !== "number" || value <= Number(argument);
      case "anyOf":
        return (argument as unknown[]).some((inner) => valid(inner, value));
      case "oneOf":
        return (argument as unknown[]).filter((inner) => valid(inner, value)).length === 1;
      case "$ref":
        return valid(String(argument).slice(2).split("/").reduce<unknown>((at, member) => (at as Node)[member], root), value);
      default:
        throw new Error(`the keyword ${keyword} is not supported`);
    }
  });
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

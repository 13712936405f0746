// The project's own source as syntax trees, for rules that no type and no lint rule can state.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Import {
  /** As it is written: `node:fs`, `../bytes.ts`. */
  readonly specifier: string;
  /** The path of the file from the project's folder, for one of our own; undefined for a package. */
  readonly target: string | undefined;
  readonly isTypeOnly: boolean;
  /** `import("…")`: loaded where that is reached, if it is. */
  readonly isLazy: boolean;
  /** What is imported by name. */
  readonly names: readonly string[];
}

export interface SourceFile {
  /** From the project's folder: `src/vault/host.ts`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** All TypeScript files below a folder of the project, but for what is installed there. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .sort()
    .map((name) => readSource(join(folder, name)));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const imports = nodesOf(tree).flatMap((node) => importOf(node)).map((found) => ({ ...found, target: found.specifier.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(path), found.specifier)) : undefined }));
  return { path, text, lines: text.split("\n").length - 1, tree, imports };
}

/** Every node of a tree. */
export function nodesOf(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}

/** Names of the functions, classes and constants that a file exports, but for its default. */
export function exportedValues(tree: ts.SourceFile): string[] {
  const isExported = (node: ts.HasModifiers): boolean => {
    const kinds = (node.modifiers ?? []).map(({ kind }) => kind);
    return kinds.includes(ts.SyntaxKind.ExportKeyword) && !kinds.includes(ts.SyntaxKind.DefaultKeyword);
  };
  return tree.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement) && isExported(statement)) return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? name.text : []));
    return (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && isExported(statement) ? [statement.name?.text ?? ""] : [];
  });
}

/** `import … from`, `export … from`, `import("…")` and `typeof import("…")` alike. */
function importOf(node: ts.Node): Omit<Import, "target">[] {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const bindings = node.importClause?.namedBindings;
    const names = bindings === undefined ? ["default"] : ts.isNamedImports(bindings) ? bindings.elements.map((element) => (element.propertyName ?? element.name).text) : ["*"];
    return [{ specifier: node.moduleSpecifier.text, isTypeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword, isLazy: false, names }];
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) return [{ specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly, isLazy: false, names: ["*"] }];
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) return [{ specifier: node.argument.literal.text, isTypeOnly: true, isLazy: false, names: ["*"] }];
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteral(argument) ? [{ specifier: argument.text, isTypeOnly: false, isLazy: true, names: ["*"] }] : [];
  }
  return [];
}

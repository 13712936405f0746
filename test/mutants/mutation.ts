// Small breaks of a source, each on one line: what a slip of the hand, or of the mind, could have left there. Tests that are worth their time notice them.
import ts from "typescript";
import type { SourceFile } from "../support/source-tree.ts";
import { nodesOf } from "../support/source-tree.ts";

/** `text.slice(0, start) + replacement + text.slice(end)` is the broken source. */
export interface Mutation {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Operators, and what stands in their place. */
const SWAPPED: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
]);

/** All breaks of a source, in its order. Types, imports and the words of messages are left alone. */
export function listMutations({ path, tree }: SourceFile): Mutation[] {
  return nodesOf(tree).flatMap((node) => (isIdle(node) ? [] : replacementsOf(node, tree).map(({ at, replacement }) => ({ path, line: tree.getLineAndCharacterOfPosition(at.getStart(tree)).line + 1, start: at.getStart(tree), end: at.getEnd(), replacement }))));
}

interface Replacement {
  readonly at: ts.Node;
  readonly replacement: string;
}

function replacementsOf(node: ts.Node, tree: ts.SourceFile): Replacement[] {
  if (ts.isBinaryExpression(node)) {
    const replacement = SWAPPED.get(node.operatorToken.kind);
    // Texts are put together with `+`, and nothing is taken from a text.
    if (replacement === undefined || (replacement === "-" && [node.left, node.right].some(isText))) return [];
    return [{ at: node.operatorToken, replacement }];
  }
  if (ts.isIfStatement(node)) return [{ at: node.expression, replacement: "false" }, { at: node.expression, replacement: `!(${node.expression.getText(tree)})` }];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ at: node, replacement: "false" }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ at: node, replacement: "true" }];
  // A moment more or less is nothing that the program does otherwise; none at all is.
  if (ts.isNumericLiteral(node) && isTime(node)) return [{ at: node, replacement: "0" }];
  if (ts.isNumericLiteral(node)) return [{ at: node, replacement: `(${node.getText(tree)} + 1)` }];
  if (ts.isExpressionStatement(node) && isCall(node.expression) && isOneLine(node, tree)) return [{ at: node, replacement: ";" }];
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) return [{ at: node, replacement: node.operand.getText(tree) }];
  if (ts.isStringLiteral(node) && ts.isArrayLiteralExpression(node.parent)) return [{ at: node, replacement: '"\\u0000"' }];
  if (ts.isPropertyAccessExpression(node) && ["every", "some"].includes(node.name.text)) return [{ at: node.name, replacement: node.name.text === "every" ? "some" : "every" }];
  return [];
}

function isText(node: ts.Expression): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function isCall(node: ts.Expression): boolean {
  return ts.isCallExpression(ts.isAwaitExpression(node) ? node.expression : node);
}

function isTime(node: ts.NumericLiteral): boolean {
  return ts.isVariableDeclaration(node.parent) && ts.isIdentifier(node.parent.name) && node.parent.name.text.endsWith("_MS") && Number(node.text.replaceAll("_", "")) > 0;
}

function isOneLine(node: ts.Node, tree: ts.SourceFile): boolean {
  return !node.getText(tree).includes("\n");
}

/** What does nothing when the program runs, only words a message, or is for Windows alone. */
function isIdle(node: ts.Node): boolean {
  for (let above: ts.Node = node; !ts.isSourceFile(above); above = above.parent) {
    if (ts.isTypeNode(above) || ts.isImportDeclaration(above) || ts.isInterfaceDeclaration(above) || ts.isTypeAliasDeclaration(above) || ts.isTemplateSpan(above)) return true;
    if (ts.isConditionalExpression(above.parent) && above.parent.whenTrue === above && above.parent.condition.getText() === 'process.platform === "win32"') return true;
  }
  return false;
}

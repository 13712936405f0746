/** A refusal as the person hears it: what the program was told, and what allows the request. */
export function tellAll({ text, remedy }: { readonly text: string; readonly remedy?: string | undefined }): string {
  return remedy === undefined ? text : `${text}; ${remedy}`;
}

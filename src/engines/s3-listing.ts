/** An object, by its name without the key before it. */
export interface ListedObject {
  readonly name: string;
  readonly size: number;
}

/**
 * What ListObjectsV2 answered: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html. Keys of ours have no letter that XML would write otherwise; others are left out.
 *
 * @param before that all keys begin with. @returns undefined for what is no such answer.
 */
export function keysOf(body: Uint8Array, before: string): readonly ListedObject[] | undefined {
  const text = new TextDecoder().decode(body);
  if (!/<ListBucketResult[\s>]/.test(text)) return undefined;
  return [...text.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, contents = ""]) => {
    const [key, size] = [/<Key>([^<]*)<\/Key>/.exec(contents)?.[1], /<Size>(\d{1,15})<\/Size>/.exec(contents)?.[1]];
    const name = key?.startsWith(before) === true ? key.slice(before.length) : "";
    return /^[a-z0-9/-]{1,200}$/.test(name) && size !== undefined ? [{ name, size: Number(size) }] : [];
  });
}

/** Types of bootstrap.mjs, which is plain JavaScript because it runs before any package is installed. */
type Environment = Readonly<Record<string, string | undefined>>
export declare function stalePackages(folder: string): string[]
export declare function packagesHere(
  folder: string,
  machine?: { readonly platform: string; readonly arch: string },
  libc?: string,
): string[]
export declare function lacks(verb: string, folder?: string, env?: Environment): string[]

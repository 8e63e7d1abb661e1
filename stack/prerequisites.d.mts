/** Types of prerequisites.mjs, which is plain JavaScript because it runs before any package is installed. */
type Environment = Readonly<Record<string, string | undefined>>
export declare const needed: Readonly<Record<'node' | 'java' | 'maven', { readonly atLeast: string; readonly mend: string }>>
export declare function reaches(found: string, atLeast: string): boolean
export declare function cacheFolder(env?: Environment): string
export declare function javaCommand(env?: Environment): string
export declare function nodeLack(found?: string): string | undefined
export declare function javaLack(env?: Environment): string | undefined
export declare function mavenLack(env?: Environment): string | undefined

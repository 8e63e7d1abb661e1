/**
 * Loads the TypeScript of the tests by blanking its types: every statement stays in its line and column, so that
 * coverage and stack traces need no source maps. The loader of the test runner compiles each imported file in each
 * process with the whole compiler, which was a third of what a test file costs.
 */
import { register } from 'node:module'

// Given in NODE_OPTIONS, because the hooks of the runner must come later than ours to see what ours give. The children
// of a test are what the product starts, and bring their own loader.
process.env.NODE_OPTIONS = (process.env.NODE_OPTIONS ?? '').replace(/--import=\S*\/blankTypes\.mjs/, '').trim()
register('./blankTypesHooks.mjs', import.meta.url)

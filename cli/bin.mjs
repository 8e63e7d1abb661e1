#!/usr/bin/env node
// Runs the TypeScript sources where they are, so that a forgotten build is never run instead; else the built files.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const sources = new URL('./main.ts', import.meta.url)
if (existsSync(fileURLToPath(sources))) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(sources.href)
} else await import(new URL('./main.js', import.meta.url).href)

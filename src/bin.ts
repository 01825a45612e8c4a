#!/usr/bin/env node
import module from 'node:module';

// Node 22 and newer keep compiled code for the next start; older ones have no such cache.
(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
const { main } = await import('./cli/program.ts');

process.exitCode = await main(process);

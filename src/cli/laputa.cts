#!/usr/bin/env node
// Node makes its pool of threads when the first module is loaded asynchronously, and never a larger one. Each running statement of
// DuckDB holds one of them, so this has to be said before: by a CommonJS file, which is loaded at once.
process.env.UV_THREADPOOL_SIZE ??= '24'
void import('./main.ts')

export type { Answer } from './answer.ts'
export { createData, type Data } from './data.ts'
export type { DataSettings, QueryRequest } from './request.ts'

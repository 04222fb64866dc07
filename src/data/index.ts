export type { Answer } from './answer.ts'
export { createData, type Data, type DataSettings, type QueryRequest } from './data.ts'

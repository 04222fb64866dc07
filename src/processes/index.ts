export { startAllInOne } from './all-in-one.ts'

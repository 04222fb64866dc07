import { serveWork } from '../../../src/jobs/index.ts'
import { works } from './works.ts'

serveWork(works)

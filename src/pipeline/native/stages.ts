import { isObject, nearestNames } from '../../base/index.ts'

/** Something in a native query that is not allowed: a path inside of it. */
export interface StageIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly nearest?: readonly string[]
}

/** The stages of an aggregation, and the domains that they read besides the one they begin with, each once. */
export interface ReadStages {
  readonly stages: readonly Readonly<Record<string, unknown>>[]
  readonly reads: readonly string[]
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Stages that only read and compute. Everything else is refused: what writes, runs code, or tells about the server. */
const allowedStages = words(`
  $match $project $addFields $set $unset $group $sort $limit $skip $unwind $count $facet $bucket $bucketAuto $sortByCount
  $replaceRoot $replaceWith $lookup $unionWith $graphLookup $setWindowFields $densify $fill`)

/** Operators of expressions and queries, and the words of extended JSON and of stages that begin with a dollar sign. */
const allowedOperators = words(`
  $abs $acos $acosh $add $addToSet $all $allElementsTrue $and $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh $atan $atan2
  $atanh $avg $binarySize $bottom $bottomN $bsonSize $ceil $cmp $concat $concatArrays $cond $convert $cos $cosh $count $covariancePop
  $covarianceSamp $date $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc
  $dayOfMonth $dayOfWeek $dayOfYear $degreesToRadians $denseRank $derivative $divide $documentNumber $each $elemMatch $eq $exists $exp
  $expMovingAvg $expr $filter $first $firstN $floor $getField $gt $gte $hour $ifNull $in $indexOfArray $indexOfBytes $indexOfCP
  $integral $isArray $isNumber $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let $linearFill $literal $ln $locf $log $log10 $lt $lte
  $ltrim $map $max $maxN $median $mergeObjects $meta $millisecond $min $minN $minute $mod $month $multiply $ne $nin $nor $not $numberDecimal
  $numberDouble $numberInt $numberLong $objectToArray $oid $or $percentile $pow $push $radiansToDegrees $range $rank $reduce $regex
  $options $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $second $setDifference $setEquals
  $setField $setIntersection $setIsSubset $setUnion $shift $sin $sinh $size $slice $sortArray $split $sqrt $stdDevPop $stdDevSamp
  $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $subtract $sum $switch $tan $tanh $toBool $toDate $toDecimal $toDouble
  $toInt $toLong $toLower $toString $toUpper $top $topN $trim $trunc $tsIncrement $tsSecond $type $unsetField $week $year $zip
  $minDistance $maxDistance`)

/** Paths that would change every object instead of one. */
const unsafePath = /__proto__|constructor\.prototype/

const maxStages = 100
const maxDepth = 60

/**
 * Reads a native query: a list of stages, or an object, which is what `$match` takes. Checked as data, stage by stage and at any depth: only
 * listed stages and operators, wherever they stand. Gives every mistake with its place.
 */
export function readStages(raw: unknown): ReadStages | { readonly issues: readonly StageIssue[] } {
  const stages = isObject(raw) ? [{ $match: raw }] : raw
  const reading: Reading = { issues: [], reads: new Set() }
  checkStages(stages, [], reading)
  if (reading.issues.length > 0) return { issues: reading.issues }
  return { stages: (stages as ReadStages['stages']).map(withSort), reads: [...reading.reads] }
}

/** `$sort` may be a list of objects, which keeps its order in every language of clients. */
function withSort(stage: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { $sort: keys } = stage
  return Array.isArray(keys) ? { $sort: Object.assign({}, ...keys.filter(isObject)) } : stage
}

interface Reading {
  readonly issues: StageIssue[]
  readonly reads: Set<string>
}

type Path = readonly (string | number)[]

function checkStages(raw: unknown, path: Path, reading: Reading) {
  if (path.length > maxDepth) return wrong(reading, path, 'Pipelines nest too deep.')
  if (!Array.isArray(raw)) return wrong(reading, path, 'A pipeline is a list of stages.')
  if (raw.length > maxStages) return wrong(reading, path, `A pipeline has at most ${maxStages} stages.`)
  for (const [index, stage] of raw.entries()) checkStage(stage, [...path, index], reading)
}

function checkStage(raw: unknown, path: Path, reading: Reading) {
  const entries = isObject(raw) ? Object.entries(raw) : []
  const [entry] = entries
  if (!entry || entries.length > 1) return wrong(reading, path, 'A stage is an object with one member, its name.')
  const [name, body] = entry
  if (!allowedStages.has(name)) {
    const nearest = nearestNames(name, [...allowedStages])
    const message = `The stage "${name}" is not allowed.`
    reading.issues.push({ path: [...path, name], message, ...(nearest.length > 0 ? { nearest } : {}) })
    return
  }
  checkBody(name, body, { path: [...path, name], reading })
}

interface Place {
  readonly path: Path
  readonly reading: Reading
}

function checkBody(name: string, body: unknown, { path, reading }: Place): void {
  if (name === '$facet' && isObject(body)) {
    for (const [facet, stages] of Object.entries(body)) {
      checkName(facet, path, reading)
      checkStages(stages, [...path, facet], reading)
    }
  } else if (name === '$unionWith' && typeof body === 'string') {
    reading.reads.add(body)
  } else if ((name === '$lookup' || name === '$unionWith' || name === '$graphLookup') && isObject(body)) {
    const { [name === '$unionWith' ? 'coll' : 'from']: source, pipeline, ...rest } = body
    if (typeof source === 'string' && source !== '') reading.reads.add(source)
    else wrong(reading, path, 'Name the domain that is read.')
    if (pipeline !== undefined) checkStages(pipeline, [...path, 'pipeline'], reading)
    checkValue(rest, path, reading)
  } else {
    checkValue(body, path, reading)
  }
}

/** Any value inside a stage: every member whose name begins with a dollar sign is an operator, and has to be listed. */
function checkValue(value: unknown, path: Path, reading: Reading) {
  if (path.length > maxDepth) return wrong(reading, path, 'This nests too deep.')
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkValue(item, [...path, index], reading)
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      checkName(key, path, reading)
      if (key.startsWith('$') && !allowedOperators.has(key)) {
        const nearest = nearestNames(key, [...allowedOperators])
        const message = `The operator "${key}" is not allowed.`
        reading.issues.push({ path: [...path, key], message, ...(nearest.length > 0 ? { nearest } : {}) })
      } else {
        checkValue(member, [...path, key], reading)
      }
    }
  } else if (typeof value === 'string') {
    checkName(value, path, reading)
  }
}

/** Names and texts: any of them may be taken for a path. */
function checkName(name: string, path: Path, reading: Reading): void {
  if (unsafePath.test(name)) wrong(reading, path, 'A name or text in a native query does not lead to prototypes.')
}

function wrong(reading: Reading, path: Path, message: string): void {
  reading.issues.push({ path, message })
}

/** What can be asked about the values of a column. */
export const statisticNames = ['count', 'max', 'min', 'average', 'variance', 'standard deviation'] as const
export type StatisticName = (typeof statisticNames)[number]

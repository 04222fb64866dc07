/** The code of the refusal to compute what mingo would compute wrongly. */
export const standInLimit = 'StandInLimit'

/** The exit code for a configuration that is not valid (`EX_CONFIG`): starting again does not help before somebody mends it. */
export const configExitCode = 78

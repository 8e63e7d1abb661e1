/**
 * A TAP stream for a log that is no terminal: one line per test file, each failure with its diagnostics, and what tap
 * says at the end. The reporters of tap move the cursor even where there is none.
 */

/** Takes the stream line by line; answers whether the line is worth a place in the log. */
export function plainTap(): (line: string) => boolean {
  let failing = false
  return (line) => {
    if (/^\s*not ok /.test(line)) {
      failing = true
      return true
    }
    if (failing) {
      if (/^\s*\.\.\.$/.test(line) || /^\s*ok /.test(line)) failing = false
      return line.trim() !== '' && !/^\s*ok /.test(line)
    }
    return /^\S/.test(line) && !/^(TAP version|1\.\.|# Subtest)/.test(line)
  }
}

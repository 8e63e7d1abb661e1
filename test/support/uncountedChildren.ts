/**
 * Keeps child processes out of the coverage of the test that starts them. They run the sources through another compiler;
 * merged with the test's own counts, whose lines lie elsewhere, a well-tested file would count as a single line.
 */
process.env['_TAPJS_PROCESSINFO_COVERAGE_'] = '0'

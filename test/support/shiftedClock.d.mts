/** Has effects only. */
export {}

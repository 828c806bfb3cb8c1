/**
 * The words by which the scripts of the shells ask, `__complete -- WORDS` (the last being typed), and by which a
 * question in the background is asked, `__complete-refresh REGISTRY REPOSITORY`.
 */
export const completionWords: readonly string[] = ["__complete", "__complete-refresh"];

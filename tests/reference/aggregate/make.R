# Reference values for the aggregate stage from R's survey package (4.1 or newer; Debian: r-cran-survey, r-cran-jsonlite).
#
#   venv/bin/python sentences_csv.py | Rscript --vanilla make.R
#
# Writes survey.json beside itself: of sentences.parquet, ratios by domain with their linearised (Taylor) errors, sentences
# clustered by article; differences between domains; trends; and ratios where reprints weigh a part of an article each. What
# agrees with what, and by which factor where the sampling that is imagined differs, is in README.md.
library(survey)
library(jsonlite)

arguments <- commandArgs(FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)))
sentences <- read.csv(file("stdin"), stringsAsFactors = FALSE, na.strings = "")
sentences$date <- as.Date(sentences$date)
sentences$month <- format(sentences$date, "%Y-%m")

# Of each voice, the sentences that a mean or a share is about.
voices <- list(all = c("narration", "quote", "mixed"), narration = "narration", quotes = "quote")
means <- list(tone = "mean", loaded = "mean", loaded_hit = "share_sentences", security_hit = "share_sentences")
measure_of <- c(tone = "tone", loaded = "loaded", loaded_hit = "loaded", security_hit = "frame_security")
tokens_of <- list(all = "n_tokens", narration = "n_tokens_narration", quotes = "n_tokens_quoted")
terms_of <- list(all = "n_terms", narration = "n_terms_narration", quotes = "n_terms_quoted")

# Cells of two articles or more: of one, nothing can be said of variation.
of_two <- function(rows, cell) {
  articles <- tapply(rows$article_id, rows[[cell]], function(ids) length(unique(ids)))
  rows[rows[[cell]] %in% names(articles)[articles > 1], ]
}

# Sentences clustered by article, articles stratified by cell, so that a domain's articles are a sample of their own; without
# strata they are one sample, and a cell a domain of it, whose number of articles is random.
designed <- function(rows, stratified) {
  if (stratified) svydesign(ids = ~article_id, strata = ~cell, weights = ~weight, data = rows)
  else svydesign(ids = ~article_id, weights = ~weight, data = rows)
}

found <- list()
keep <- function(...) found[[length(found) + 1]] <<- data.frame(..., stringsAsFactors = FALSE)

domains <- function(rows, periods, voice, stratified) {
  said <- of_two(rows[rows$voice %in% voices[[voice]], ], "cell")
  design <- designed(said, stratified)
  for (name in names(means)) {
    by <- svyby(reformulate(name), ~cell, design, svymean)
    keep(cell = by$cell, voice = voice, measure = measure_of[[name]], statistic = means[[name]], estimate = by[[name]],
         std_error = by$se, stratified = stratified, sampled = length(unique(said$article_id)))
  }
  spoken <- of_two(rows[rows[[tokens_of[[voice]]]] > 0, ], "cell")
  design <- designed(spoken, stratified)
  by <- svyby(reformulate(terms_of[[voice]]), ~cell, design, svyratio, denominator = reformulate(tokens_of[[voice]]))
  ratio <- grep("/", names(by), value = TRUE)
  ratio <- ratio[!startsWith(ratio, "se.")]
  keep(cell = by$cell, voice = voice, measure = "terms", statistic = "rate_per_1000", estimate = 1000 * by[[ratio]],
       std_error = 1000 * SE(by), stratified = stratified, sampled = length(unique(spoken$article_id)))
  # An article counts when one of its sentences does: articles are the units here, and the design is a simple sample of them.
  hit <- aggregate(cbind(loaded_hit, security_hit) ~ article_id + cell + weight, said, max)
  for (name in c("loaded_hit", "security_hit")) {
    by <- svyby(reformulate(name), ~cell, designed(hit, stratified), svymean)
    keep(cell = by$cell, voice = voice, measure = measure_of[[name]], statistic = "share_articles", estimate = by[[name]],
         std_error = by$se, stratified = stratified, sampled = nrow(hit))
  }
}

sentences$weight <- 1
for (by_period in c(FALSE, TRUE)) {
  rows <- if (by_period) sentences[!is.na(sentences$date), ] else sentences
  rows$cell <- if (by_period) paste(rows$outlet, rows$month, sep = "|") else paste(rows$outlet, "all", sep = "|")
  for (voice in names(voices)) for (stratified in c(TRUE, FALSE)) domains(rows, by_period, voice, stratified)
}

# Differences: outlets over all periods, and each outlet's month with the one before, articles stratified by cell.
differences <- list()
pairs <- list(c("Bee|all", "Clarion|all"), c("Bee|2026-02", "Bee|2026-01"), c("Bee|2026-03", "Bee|2026-02"),
              c("Clarion|2026-02", "Clarion|2026-01"), c("Clarion|2026-03", "Clarion|2026-02"))
for (pair in pairs) for (voice in names(voices)) {
  rows <- sentences
  rows$cell <- paste(rows$outlet, if (endsWith(pair[1], "|all")) "all" else rows$month, sep = "|")
  rows <- rows[rows$cell %in% pair, ]
  said <- rows[rows$voice %in% voices[[voice]], ]
  spoken <- rows[rows[[tokens_of[[voice]]]] > 0, ]
  add <- function(measure, statistic, scale, by) {
    contrast <- svycontrast(by, setNames(list(c(1, -1)[match(names(coef(by)), pair)]), "difference"))
    differences[[length(differences) + 1]] <<- data.frame(
      first = pair[1], second = pair[2], voice = voice, measure = measure, statistic = statistic,
      difference = scale * coef(contrast)[[1]], std_error = scale * SE(contrast)[[1]])
  }
  for (name in names(means)) {
    add(measure_of[[name]], means[[name]], 1, svyby(reformulate(name), ~cell, designed(said, TRUE), svymean, covmat = TRUE))
  }
  add("terms", "rate_per_1000", 1000, svyby(reformulate(terms_of[[voice]]), ~cell, designed(spoken, TRUE), svyratio,
                                            denominator = reformulate(tokens_of[[voice]]), covmat = TRUE))
}

# Trends: least squares over sentences with the design's error of the slope, a change in 30 days.
trends <- list()
for (outlet in c("Bee", "Clarion")) for (voice in names(voices)) for (name in names(means)) {
  rows <- sentences[sentences$outlet == outlet & !is.na(sentences$date) & sentences$voice %in% voices[[voice]], ]
  rows$months <- as.numeric(rows$date - min(rows$date)) / 30
  fit <- svyglm(reformulate("months", name), svydesign(ids = ~article_id, weights = ~1, data = rows))
  trends[[length(trends) + 1]] <- data.frame(outlet = outlet, voice = voice, measure = measure_of[[name]], statistic = means[[name]],
                                             change = coef(fit)[["months"]], std_error = SE(fit)[["months"]],
                                             n_sentences = nrow(rows))
}

# Reprints that weigh 1/m: a weight an article, the same for all its sentences.
set.seed(20261125)
weighted <- lapply(c(4, 20, 90), function(count) {
  size <- sample(3:30, count, replace = TRUE)
  rows <- data.frame(article_id = rep(seq_len(count), size), weight = rep(1 / sample(1:4, count, replace = TRUE), size))
  rows$y <- rbinom(nrow(rows), 1, plogis(rnorm(count))[rows$article_id])
  rows$x <- 1 + rpois(nrow(rows), 20)
  design <- svydesign(ids = ~article_id, weights = ~weight, data = rows)
  mean <- svymean(~y, design)
  ratio <- svyratio(~y, ~x, design)
  totals <- aggregate(cbind(y, x, sentences = 1) ~ article_id + weight, rows, sum)
  list(weight = totals$weight, y = totals$y, x = totals$x, sentences = totals$sentences,
       mean = list(estimate = coef(mean)[[1]], std_error = SE(mean)[[1]]),
       ratio = list(estimate = coef(ratio)[[1]], std_error = SE(ratio)[[1]]))
})

cells <- do.call(rbind, found)
cells$outlet <- sub("\\|.*", "", cells$cell)
cells$period <- sub(".*\\|", "", cells$cell)
cells$cell <- NULL
made <- list(survey = as.character(packageVersion("survey")), cells = cells, differences = do.call(rbind, differences),
             trends = do.call(rbind, trends), weighted = weighted)
# A row a line, so that a change of the fixture can be read.
json <- toJSON(made, digits = I(16), auto_unbox = TRUE, dataframe = "rows")
writeLines(gsub("},{", "},\n{", json, fixed = TRUE), file.path(here, "survey.json"))
